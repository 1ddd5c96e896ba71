"""Puts sentences together until each group can be quoted alone."""

from collections.abc import Sequence

from server.knowledge.evidence.reading_rules import ReadingRules, fold
from server.knowledge.evidence.sentences import is_question
from server.knowledge.evidence.unit import MAX_UNIT_CHARS

SHORT_CHARS = 25
SHORT_CHARS_SPACELESS = 10
MAX_JOINED = 3
"""Sentences put together because each needs the one before: longer chains overlap by one sentence."""


def group_sentences(sentences: Sequence[str], rules: ReadingRules, *, is_own_page: bool = False) -> list[range]:
    """Neighbouring sentences in groups that stand alone, in order; a sentence may close one group and open the next.

    `is_own_page` says that the text is about one thing which a pronoun at the start of a sentence may stand for.
    """
    groups: list[range] = []
    for at, sentence in enumerate(sentences):
        last = groups[-1] if groups else range(0)
        if not last or not (needs_neighbour(sentence, rules, is_own_page) or _is_open(sentences, last, rules)):
            groups.append(range(at, at + 1))
        elif len(last) < MAX_JOINED and _length(sentences, range(last.start, at + 1)) <= MAX_UNIT_CHARS:
            groups[-1] = range(last.start, at + 1)
        else:
            groups.append(range(at - 1, at + 1))
    return groups


def pack_groups(sentences: Sequence[str], groups: Sequence[range]) -> list[range]:
    """Groups put together as long as they make no longer unit."""
    packed: list[range] = []
    for group in groups:
        if packed and _length(sentences, whole := range(packed[-1].start, group.stop)) <= MAX_UNIT_CHARS:
            packed[-1] = whole
        else:
            packed.append(group)
    return packed


def needs_neighbour(sentence: str, rules: ReadingRules, is_own_page: bool = False) -> bool:
    """Whether a sentence must not be read without the one before it."""
    folded = fold(sentence)
    return bool(
        rules.openers.match(folded)
        or (not is_own_page and rules.pronouns.match(folded))
        or rules.warnings.search(folded)
        or is_fragment(sentence, rules)
    )


def is_fragment(sentence: str, rules: ReadingRules) -> bool:
    """Whether it is short and has no verb of its own: "Evening use only.\""""
    if rules.is_spaceless:
        return len(sentence) < SHORT_CHARS_SPACELESS and not any(verb in sentence for verb in rules.verbs)
    if len(sentence) >= SHORT_CHARS:
        return False
    words = [word.strip(".,;:!?()\"'…؟،") for word in fold(sentence).split()]
    return not any(word in rules.verbs or (rules.verb_endings and word.endswith(rules.verb_endings)) for word in words)


def _is_open(sentences: Sequence[str], group: range, rules: ReadingRules) -> bool:
    """Whether a group cannot end here: it has nothing but a fragment, or its last sentence leads to the next."""
    if sentences[group[-1]].endswith((":", "：")):
        return True
    return all(is_fragment(sentences[at], rules) and not is_question(sentences[at]) for at in group)


def _length(sentences: Sequence[str], group: range) -> int:
    return sum(len(sentences[at]) for at in group) + len(group) - 1
