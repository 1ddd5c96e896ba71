"""A sentence read for what it states: its terms with their sign, its figures, and what its words do."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

from msgspec import Struct

from server.chat.answering.grounding.amounts import Figure, read_figures
from server.chat.answering.grounding.vocabulary import bit_of, vocabulary
from server.knowledge.evidence.reading_rules import load_rules
from server.languages.claims import (
    CAPITALISES_NOUNS,
    CONCEPT,
    ORDER_STATE,
    Concept,
    Mark,
    PhrasePlace,
    claim_phrases,
    concept_classes,
)
from server.languages.matching import normalise
from server.languages.places import country_places
from server.languages.words import Language, language
from server.models.glossary import meanings

CACHED_TEXTS = 16_384
MAX_CHARACTERS = 1_600
MIN_CLAUSE, MAX_CLAUSE = 6, 40
"""Characters between a no and a verb that begins another clause: "what has not been packed can be cancelled"."""
_STRONG = re.compile(r"[;:()\[\]\n•|!?。！？]|(?<![ (]\d)(?<![ (]\d\d)\.(?=\s|$)|\s[–—-]\s")
_WEAK = re.compile(r",(?!\d)|、")
_WORD = re.compile(r"[^\W_]+")
_SIZE = re.compile(r"(?<![\w'’$])(?:X{0,3}[SL]|M|[2-5]XL)(?:/(?:X{0,3}[SL]|M))?(?![\w'’&])")
_NAME = re.compile(r"(?<=[\w ,;:)'’\"“] )[A-Z][\w'’-]+|\b[A-Z][a-z]+[A-Z]\w*")
_SILENT = frozenset({
    Mark.NO, Mark.WITHOUT, Mark.BUT, Mark.CONDITION, Mark.IF, Mark.MODAL, Mark.SPEAKER, Mark.TALK, Mark.LIGHT, Mark.YES,
    Mark.PRONOUN, Mark.PERFECT, Mark.ABOUT, Mark.UNDER, Mark.OVER, Mark.RATE, Mark.PRICE, Mark.HALF, Mark.THIRD,
    Mark.QUARTER, Mark.OFFER,
})  # fmt: skip
"""Marks whose words are no terms."""
_GRAMMAR = frozenset({Mark.NO, Mark.WITHOUT, Mark.MODAL, Mark.CONDITION, Mark.IF})
"""Marks that do not count where they belong to a longer phrase: "could not deliver"."""
_WHOLE = frozenset({Mark.TALK, Mark.UNKNOWN})
"""Marks whose words are no terms either where a meaning stands inside them."""


class Term(Struct, frozen=True):
    """Something that a text speaks of. Any of `keys` makes two terms the same: a meaning, a stem, a country, a size."""

    text: str
    keys: frozenset[str]
    segment: int
    is_hard: bool = False
    """Only the same term carries it, not one of like meaning."""
    is_negated: bool = False
    concept: str = ""
    country: str = ""


class Statement(Struct, frozen=True):
    """A text as it was read. `segments` are its parts, with their marks; `is_negated` of each."""

    text: str
    terms: tuple[Term, ...]
    figures: tuple[Figure, ...]
    segments: tuple[frozenset[str], ...]
    signs: tuple[bool, ...]
    stated: tuple[tuple[str, int], ...]
    """Order states that it names, and the segment of each."""
    joints: tuple[bool, ...] = ()
    """Whether each segment is joined to the one before like a list."""
    verbs: tuple[bool, ...] = ()

    @property
    def states(self) -> tuple[tuple[str, bool], ...]:
        """Order states that it names, and whether it denies them."""
        return tuple((name, self.signs[segment]) for name, segment in self.stated)

    @property
    def has_verb(self) -> bool:
        """Whether it is a sentence rather than a name or an item."""
        return any(self.verbs)

    @property
    def marks(self) -> frozenset[str]:
        """Those of all segments."""
        return frozenset().union(*self.segments) if self.segments else frozenset()

    @property
    def concepts(self) -> frozenset[str]:
        """The meanings that it names."""
        return frozenset(term.concept for term in self.terms if term.concept)

    @property
    def topics(self) -> frozenset[str]:
        """The meanings that say what it is about."""
        return self.concepts & concept_classes().topics

    @property
    def countries(self) -> frozenset[str]:
        """ISO 3166 codes and regions."""
        return frozenset(term.country for term in self.terms if term.country)

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all terms."""
        return frozenset(key for term in self.terms for key in term.keys)


def parts_of(statement: Statement) -> list[Statement]:
    """The clauses of a sentence: each segment with a verb, and what is joined to it."""
    groups: list[list[int]] = []
    for index, is_joined in enumerate(statement.joints):
        has_own = statement.verbs[index] and any(statement.verbs[each] for each in groups[-1]) if groups else False
        if groups and is_joined and not has_own:
            groups[-1].append(index)
        else:
            groups.append([index])
    return [_part(statement, frozenset(group)) for group in groups] if len(groups) > 1 else []


def _part(statement: Statement, group: frozenset[int]) -> Statement:
    """Some segments of a statement. Places of segments stay those of the whole."""
    return Statement(
        statement.text,
        tuple(each for each in statement.terms if each.segment in group),
        tuple(each for each in statement.figures if each.segment in group),
        tuple(each if index in group else frozenset() for index, each in enumerate(statement.segments)),
        tuple(each and index in group for index, each in enumerate(statement.signs)),
        tuple(each for each in statement.stated if each[1] in group),
        statement.joints,
        statement.verbs,
    )


class _Piece(Struct):
    """A part of the text between two signs."""

    text: str
    is_weak: bool
    """Joined to the one before by a comma."""
    names: frozenset[str]


@lru_cache(maxsize=CACHED_TEXTS)
def read_statement(text: str, code: str, currency: str, shop_code: str = "") -> Statement:
    """A text of a language. Words that are those of the shop's language too are known by both. About 4 KB each."""
    text = text[:MAX_CHARACTERS]
    own, shop = language(code), language(shop_code or code)
    reader = _Reader(own, shop, currency)
    for piece in _pieces(text):
        reader.read(piece)
    return reader.statement(text)


def _pieces(text: str) -> Iterator[_Piece]:
    start = 0
    is_weak = False
    ends = sorted(
        [(found.start(), found.end(), False) for found in _STRONG.finditer(text)]
        + [(found.start(), found.end(), True) for found in _WEAK.finditer(text)]
    )
    for begin, end, weak in (*ends, (len(text), len(text), False)):
        if begin < start:
            continue
        if piece := text[start:begin].strip():
            before = text[max(0, start - 2) : start] + text[start:begin]
            names = frozenset(normalise(found[0]) for found in _NAME.finditer(before))
            yield _Piece(piece, is_weak, names)
            is_weak = weak
        elif not weak:
            is_weak = False
        start = end


class _Reader:
    """Reads one text piece by piece."""

    def __init__(self, own: Language, shop: Language, currency: str) -> None:
        self._own, self._shop, self._currency = own, shop, currency
        self._rules = load_rules(own.code)
        self._terms: list[Term] = []
        self._figures: list[Figure] = []
        self._segments: list[set[str]] = []
        self._joints: list[bool] = []
        self._verbs: list[bool] = []
        self._states: list[tuple[str, int]] = []
        self._denied: set[int] = set()
        """The terms that stand behind a word that denies what follows it."""

    def read(self, piece: _Piece) -> None:
        """One piece, cut up further by the words that part clauses."""
        normalised = self._own.normalise(piece.text)
        places = claim_phrases(self._own.code).places(normalised)
        whole = [each for each in places if each.name in _WHOLE]
        spoken = [each for each in places if each.name == Mark.LIGHT and " " in normalised[each.start : each.end]]
        breaks = self._breaks(normalised, places, is_weak=piece.is_weak)
        first = len(self._segments)
        for _, is_weak in breaks:
            self._segments.append(set())
            self._joints.append(is_weak)
            self._verbs.append(False)

        def segment_at(position: int) -> int:
            return first + max(index for index, (start, _) in enumerate(breaks) if start <= position or not index)

        used: list[tuple[int, int]] = [(each.start, each.end) for each in (*whole, *spoken)]
        inside = [(each.start, each.end) for each in places if each.table in (CONCEPT, ORDER_STATE)]
        for place in places:
            if place.table == ORDER_STATE:
                self._states.append((place.name, segment_at(place.start)))
            elif place.table != CONCEPT and not (place.name in _GRAMMAR and _is_inside(place, inside)):
                self._segments[segment_at(place.start)].add(place.name)
        for figure, start in read_figures(piece.text, normalised, places, self._currency, self._own.code):
            if any(each.start <= start < each.end for each in whole):
                continue  # "a person from the team"
            figure = Figure(figure.text, figure.keys, figure.bare, figure.bound, segment_at(start))
            self._figures.append(figure)
        self._read_terms(piece, normalised, places, used, segment_at)

    def _breaks(self, normalised: str, places: Sequence[PhrasePlace], *, is_weak: bool) -> list[tuple[int, bool]]:
        """Where segments begin, and whether each is joined to the one before like a list."""
        is_contrast = any(place.name == Mark.BUT and not place.start for place in places)
        found = [(0, is_weak and not is_contrast)]
        joins = [(place.end, True) for place in self._own.words.splitting.and_.places(normalised)]
        joins += [(place.end, True) for place in self._own.words.splitting.or_.places(normalised)]
        joins += [(place.start, False) for place in places if place.name == Mark.BUT and place.start]
        denials = [place.end for place in places if place.name == Mark.NO]
        joins += [
            (place.start, True)
            for place in places
            if place.name == Mark.MODAL and any(MIN_CLAUSE <= place.start - denial <= MAX_CLAUSE for denial in denials)
        ]
        for position, weak in sorted(joins):
            if position - found[-1][0] > 2:
                found.append((position, weak))
        return found

    def _read_terms(
        self,
        piece: _Piece,
        normalised: str,
        places: Sequence[PhrasePlace],
        used: list[tuple[int, int]],
        at: Callable[[int], int],
    ) -> None:
        soft = concept_classes().soft
        for place in places:
            if place.table == CONCEPT and not _is_within(place.start, place.end, used):
                text = normalised[place.start : place.end]
                keys = frozenset({f"concept:{place.name}", *(f"stem:{stem}" for stem in self._stem(text))})
                self._note_denied(place.start, places, at)
                self._note_duty(place, places, at)
                self._terms.append(Term(text, keys, at(place.start), place.name not in soft, concept=place.name))
        concepts = [(place.start, place.end) for place in places if place.table == CONCEPT]
        for country, code in country_places(normalised, self._own.code):
            if not _is_within(country.start, country.end, used):
                keys = frozenset({f"iso:{code}"})
                self._terms.append(Term(country.text, keys, at(country.start), is_hard=True, country=code))
                used.append((country.start, country.end))
        for size in _SIZE.finditer(piece.text):
            position = normalised.find(size[0].lower())
            self._terms.append(Term(size[0], frozenset({f"size:{size[0]}"}), at(max(position, 0)), is_hard=True))
        is_speaker = any(each.name == Mark.SPEAKER for each in places)
        silent = [
            (each.start, each.end)
            for each in places
            if each.table != CONCEPT and (each.name in _SILENT or (is_speaker and each.name == Mark.HARMLESS))
        ]
        bit, known = bit_of(self._own.code), vocabulary()
        before = ""
        written = {normalise(found[0]): found[0].lower() for found in _WORD.finditer(piece.text)}
        for word in _WORD.finditer(normalised):
            start, end, text = word.start(), word.end(), word[0]
            before, pair_before = text, f"{before} {text}"
            if text in self._rules.verbs or any(text.endswith(each) for each in self._rules.verb_endings):
                self._verbs[at(start)] = True
            if _is_within(start, end, used) or _is_within(start, end, concepts) or _is_within(start, end, silent):
                continue
            if text[0].isdigit() or text in self._own.stop_words:
                continue
            following = _WORD.search(normalised, end)
            pair = f"{text} {following[0]}" if following else ""
            is_unit = pair_before in known.units or any(each.languages & bit for each in known.units.get(text, ()))
            if is_unit or {text, pair} & known.currencies.keys():
                continue
            if any(number.languages & bit for number in known.numbers.get(text, ())):
                continue
            is_name = text in piece.names and self._own.code not in CAPITALISES_NOUNS
            for part, keys in self._keys(text):
                self._note_denied(start, places, at)
                self._terms.append(Term(written.get(part, part), keys, at(start), is_hard=is_name))

    def _note_denied(self, start: int, places: Sequence[PhrasePlace], at: Callable[[int], int]) -> None:
        """Whether the next term is denied by a word before it in its segment."""
        if any(
            each.name == Mark.WITHOUT and each.end <= start and at(each.start) == at(start)
            for each in places
            if Mark.WITHOUT in self._segments[at(start)]
        ):
            self._denied.add(len(self._terms))

    def _note_duty(self, place: PhrasePlace, places: Sequence[PhrasePlace], at: Callable[[int], int]) -> None:
        """A duty of nothing is none: "Sie müssen keinen Grund angeben"."""
        segment = at(place.start)
        if place.name == Concept.MUST and any(
            each.name == Mark.WITHOUT and each.start >= place.end and at(each.start) == segment for each in places
        ):
            self._denied.add(len(self._terms))

    def _stem(self, text: str) -> Sequence[str]:
        """The stem of a single word, which is also the same word of a name: "Apple Pay"."""
        return self._own.stems(text) if self._own.is_spaced and text.isalpha() else ()

    def _keys(self, word: str) -> Iterator[tuple[str, frozenset[str]]]:
        stems = self._own.stems(word) or [word]
        if not self._own.is_spaced:
            yield from ((stem, frozenset({f"stem:{stem}"})) for stem in stems)
            return
        keys = {f"stem:{stem}" for stem in (*stems, *self._shop.stems(word), word)}
        if self._shop.code != self._own.code:
            keys |= {f"stem:{stem}" for each in meanings(word, self._own.code) for stem in self._shop.stems(each)}
        yield word, frozenset(keys)

    def statement(self, text: str) -> Statement:
        """All that was read, with the sign of each segment."""
        signs = self._signs()
        terms = tuple(
            Term(
                each.text,
                each.keys,
                each.segment,
                each.is_hard,
                signs[each.segment] or number in self._denied,
                each.concept,
                each.country,
            )
            for number, each in enumerate(self._terms)
        )
        return Statement(
            text,
            terms,
            tuple(self._figures),
            tuple(map(frozenset, self._segments)),
            tuple(signs),
            tuple(self._states),
            tuple(self._joints),
            tuple(self._has_verb()),
        )

    def _has_verb(self) -> list[bool]:
        return [
            verb or bool(each & {Mark.MODAL, Mark.PERFECT})
            for verb, each in zip(self._verbs, self._segments, strict=True)
        ]

    def _signs(self) -> list[bool]:
        """A segment without a verb of its own has the sign of the one before, or else of the next."""
        own = [Mark.NO in each for each in self._segments]
        has_verb = self._has_verb()
        signs = list(own)
        for index in range(1, len(signs)):
            if self._joints[index] and not has_verb[index] and not own[index]:
                signs[index] = signs[index - 1]
        for index in range(len(signs) - 2, -1, -1):
            is_open = not has_verb[index] and not own[index] and not signs[index]
            starts = index == 0 or not self._joints[index]
            if is_open and self._joints[index + 1] and has_verb[index + 1] and (starts or not signs[index - 1]):
                signs[index], has_verb[index] = signs[index + 1], True
        return signs


def _is_inside(place: PhrasePlace, spans: Iterable[tuple[int, int]]) -> bool:
    return any(
        start <= place.start and place.end <= end and end - start > place.end - place.start for start, end in spans
    )


def _is_within(start: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first <= start and end <= last for first, last in spans)
