"""Reads blocks into units: which sentences go together, what answers a question, what leads to a list."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import msgspec
from msgspec import Struct

from server.knowledge.evidence.blocks import Block, BlockKind
from server.knowledge.evidence.reading_rules import ReadingRules, find_mark
from server.knowledge.evidence.sentences import is_question, join_sentences, split_sentences
from server.knowledge.evidence.standing_alone import group_sentences, pack_groups
from server.knowledge.evidence.unit import MAX_LABEL_CHARS, MAX_NEIGHBOUR_CHARS, MAX_UNIT_CHARS, Unit, UnitKind

MAX_SOFT_HEADING_CHARS = 60
MAX_LISTED_CHARS = 60
"""An item up to here is a name in an enumeration; a list of such items is one unit under its lead-in or heading."""


class ReadUnit(Struct, frozen=True):
    """A unit, and which passage of the body it stands in."""

    unit: Unit
    passage: int


class _Sentence(Struct, frozen=True):
    text: str
    passage: int


class PageReader:
    """Reads the blocks under one heading path, in order. `is_own_page`: all of it is about the product in the title."""

    def __init__(
        self, title: str, heading: tuple[str, ...], rules: ReadingRules, *, is_own_page: bool = False, place: int = 0
    ) -> None:
        self._title, self._heading, self._rules, self._is_own_page = title, heading, rules, is_own_page
        self._levels: list[tuple[int, str]] = []
        self._soft = ""
        self._question = heading[-1] if heading and is_question(heading[-1]) else ""
        self._collected: list[Block] = []
        self._place = place
        self.units: list[ReadUnit] = []

    def read(self, blocks: Sequence[Block]) -> list[ReadUnit]:
        """All units of the blocks."""
        for at, block in enumerate(blocks):
            following = blocks[at + 1] if at + 1 < len(blocks) else None
            if block.kind is BlockKind.HEADING:
                self._open(block)
            elif asked := find_mark(block.text, self._rules.question):
                self._ask(block.text[asked:], block)
            elif block.kind is BlockKind.PARAGRAPH and self._is_soft_heading(block, following):
                self._flush()
                self._soft, self._question = block.text, ""
            else:
                self._take(block)
        self._flush()
        return _with_neighbours(self.units)

    def _open(self, heading: Block) -> None:
        self._flush()
        self._levels = [(level, text) for level, text in self._levels if level < heading.level]
        self._levels.append((heading.level, heading.text))
        self._soft = ""
        self._question = heading.text if is_question(heading.text) else ""

    def _ask(self, text: str, block: Block) -> None:
        """Open the answer of a marked question; "Q: Why? A: Because." may stand on one line."""
        self._flush()
        question, _, rest = self._split_question(text)
        self._question = question
        if rest:
            self._collected.append(msgspec.structs.replace(block, kind=BlockKind.PARAGRAPH, text=rest, cells=()))

    def _split_question(self, text: str) -> tuple[str, bool, str]:
        """The question at the start of a text, whether there is one, and what comes after it."""
        sentences = split_sentences(text, self._rules)
        asked = next((at for at, sentence in enumerate(sentences) if is_question(sentence)), None)
        if asked is None:
            return text, False, ""
        return join_sentences(sentences[: asked + 1]), True, join_sentences(sentences[asked + 1 :])

    def _is_soft_heading(self, block: Block, following: Block | None) -> bool:
        """A short line without a full stop, above a list, pairs or a text: HTML's headings come as such lines."""
        if following is None or len(block.text) > MAX_SOFT_HEADING_CHARS or len(block.text.split()) > 6:
            return False
        if block.text[-1] in ".!?…。！？؟:：,;" or any(character.isdigit() for character in block.text):
            return False
        leads = following.kind is not BlockKind.PARAGRAPH or len(following.text) > MAX_SOFT_HEADING_CHARS
        return leads and following.kind is not BlockKind.HEADING

    def _take(self, block: Block) -> None:
        """Collect a block; a question in it closes what was collected and opens an answer."""
        if block.kind not in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            self._collected.append(block)
            return
        sentences = split_sentences(block.text, self._rules)
        asked = next((at for at, sentence in enumerate(sentences) if is_question(sentence)), None)
        if asked is None:
            self._collected.append(block)
            return
        if asked:
            self._collected.append(msgspec.structs.replace(block, text=join_sentences(sentences[:asked])))
        self._flush()
        rest = join_sentences(sentences[asked + 1 :])
        outer, self._question = self._question, sentences[asked]
        if rest:  # answered on the spot
            self._take(msgspec.structs.replace(block, kind=BlockKind.PARAGRAPH, text=rest))
            self._flush()
            self._question = outer

    def _flush(self) -> None:
        blocks, self._collected = self._collected, []
        blocks = [self._unmarked(block) for block in blocks]
        if self._question and blocks and len(whole := _joined(blocks)) <= MAX_UNIT_CHARS:
            self._add(UnitKind.ANSWER, whole, self._question, blocks[0].passage)
            return
        runs = [list(run) for _, run in groupby(_paired(blocks), key=lambda block: block.kind)]
        for before, run, after in zip([[], *runs], runs, [*runs[1:], []], strict=False):
            match run[0].kind:
                case BlockKind.PARAGRAPH:
                    self._paragraphs(run, leads=bool(after) and after[0].kind is BlockKind.ITEM)
                case BlockKind.ITEM:
                    self._items(run, self._lead_in(before))
                case BlockKind.PAIR:
                    self._pairs(run)
                case BlockKind.ROW:
                    for row in run:
                        self._row(row)

    def _unmarked(self, block: Block) -> Block:
        """Without the "A:" of an answer."""
        if not self._question or not (found := find_mark(block.text, self._rules.answer)):
            return block
        kind = BlockKind.PARAGRAPH if block.kind is BlockKind.PAIR else block.kind
        return msgspec.structs.replace(block, kind=kind, text=block.text[found:])

    def _headings(self) -> tuple[str, ...]:
        return (*self._heading, *(text for _, text in self._levels), *((self._soft,) if self._soft else ()))

    def _paragraphs(self, run: Sequence[Block], *, leads: bool) -> None:
        sentences = [
            _Sentence(text, block.passage) for block in run for text in split_sentences(block.text, self._rules)
        ]
        if leads and sentences[-1].text.endswith((":", "：")):
            sentences.pop()
        kind = UnitKind.ANSWER if self._question else UnitKind.SENTENCE
        for group, text in self._grouped([sentence.text for sentence in sentences], packs=bool(self._question)):
            self._add(kind, text, self._question, sentences[group.start].passage)

    def _grouped(self, sentences: Sequence[str], *, packs: bool) -> Iterator[tuple[range, str]]:
        """Sentences in groups that can be quoted; with `packs` as few of them as their length allows."""
        groups = group_sentences(sentences, self._rules, is_own_page=self._is_own_page)
        for group in pack_groups(sentences, groups) if packs else groups:
            yield group, join_sentences(sentences[group.start : group.stop])

    def _lead_in(self, before: Sequence[Block]) -> str:
        """What leads to a list: the sentence right above it that has no full stop, the question, or the heading."""
        if before and before[-1].kind is BlockKind.PARAGRAPH:
            last = split_sentences(before[-1].text, self._rules)[-1]
            if last[-1] not in ".!。！…":
                return last
        return self._question or (self._headings() or ("",))[-1]

    def _items(self, run: Sequence[Block], lead_in: str) -> None:
        closed = any(block.text.rstrip().endswith((".", "!", "。")) for block in run)
        names = (" " if closed else ", ").join(block.text.rstrip(" ,;") for block in run)
        is_enumeration = len(run) > 1 and (not self._is_own_page or lead_in.endswith((":", "：", "?", "？", "؟")))
        if is_enumeration and len(names) <= MAX_UNIT_CHARS and all(len(b.text) <= MAX_LISTED_CHARS for b in run):
            self._add(UnitKind.ITEM, names, lead_in, run[0].passage)
            return
        for block in run:
            pieces = [block.text]
            if len(block.text) > MAX_UNIT_CHARS:
                pieces = [text for _, text in self._grouped(split_sentences(block.text, self._rules), packs=True)]
            for piece in pieces:
                self._add(UnitKind.ITEM, piece, lead_in, block.passage)

    def _pairs(self, run: Sequence[Block]) -> None:
        records = [list(group) for _, group in groupby(run, key=lambda block: block.group)]
        names = [[block.cells[0][0] for block in record] for record in records]
        if len(records) > 1 and len(names[0]) > 1 and all(each[0] == names[0][0] for each in names):
            for record in records:  # rows of a sheet, one a paragraph
                cells = tuple(block.cells[0] for block in record)
                self._row(msgspec.structs.replace(record[0], kind=BlockKind.ROW, cells=cells))
            return
        for block in run:
            (name, value) = block.cells[0]
            if self._is_own_page:
                self._add(UnitKind.ATTRIBUTE, value, name, block.passage)
            else:
                self._add(UnitKind.ROW, block.text, name, block.passage)

    def _row(self, row: Block) -> None:
        """A row; a very long one in several, each with its first cell."""
        first, *others = [f"{name}: {cell}" if name else cell for name, cell in row.cells]
        texts: list[list[str]] = [[first]]
        for cell in others:
            if sum(map(len, texts[-1])) + len(cell) > 2 * MAX_UNIT_CHARS and len(texts[-1]) > 1:
                texts.append([first])
            texts[-1].append(cell)
        for text in texts:
            self._add(UnitKind.ROW, ", ".join(text), row.cells[0][1], row.passage)

    def _add(self, kind: UnitKind, text: str, label: str, passage: int) -> None:
        if not text.strip() or (kind is not UnitKind.ATTRIBUTE and is_question(text) and len(text) < MAX_UNIT_CHARS):
            return
        unit = Unit(
            kind=kind,
            text=text,
            label=label[:MAX_LABEL_CHARS],
            heading=self._headings(),
            title=self._title,
            place=self._place + len(self.units),
        )
        self.units.append(ReadUnit(unit, passage))


def _paired(blocks: Sequence[Block]) -> Iterator[Block]:
    """Blocks, with a pair that is only a sentence with a colon in it made a paragraph again."""
    for at, block in enumerate(blocks):
        neighbours = (*blocks[max(0, at - 1) : at], *blocks[at + 1 : at + 2])
        is_alone = not any(other.kind is BlockKind.PAIR for other in neighbours)
        if block.kind is BlockKind.PAIR and is_alone and block.text[-1] in ".!…。！":
            yield msgspec.structs.replace(block, kind=BlockKind.PARAGRAPH, cells=())
        else:
            yield block


def _joined(blocks: Sequence[Block]) -> str:
    """An answer as one text: paragraphs run on, items and rows stand on lines of their own."""
    text = ""
    for block in blocks:
        is_line = block.kind is not BlockKind.PARAGRAPH
        line = ("- " if block.kind is BlockKind.ITEM else "") + block.text
        text = (f"{text}\n{line}" if text else line) if is_line else join_sentences([text, line] if text else [line])
    return text


def _with_neighbours(units: Sequence[ReadUnit]) -> list[ReadUnit]:
    """Sentences get the text before and after them."""
    found: list[ReadUnit] = []
    for at, read in enumerate(units):
        before = units[at - 1].unit if at else None
        after = units[at + 1].unit if at + 1 < len(units) else None
        unit = msgspec.structs.replace(
            read.unit,
            before=before.text[-MAX_NEIGHBOUR_CHARS:] if before and _is_near(before, read.unit) else "",
            after=after.text[:MAX_NEIGHBOUR_CHARS] if after and _is_near(read.unit, after) else "",
        )
        found.append(ReadUnit(unit, read.passage))
    return found


def _is_near(first: Unit, second: Unit) -> bool:
    return first.heading == second.heading and first.kind is second.kind and first.label == second.label
