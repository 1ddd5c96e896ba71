"""Judges an answer by what it shows, without a model: right, partial, declined or wrong, in any wording."""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct

VERDICTS = ("right", "partial", "declined_ok", "declined", "wrong")
KINDS = ("answer", "products", "order", "clarify", "decline", "smalltalk", "safety", "handoff")
SOLD_OUT = " [sold out]"
"""Follows the title of a card that cannot be bought now."""
PATTERNS = Path(__file__).parent / "verdict_patterns.toml"
_QUOTED = r"“[^”]*”|„[^“”]*[“”]|”[^”]*”|«[^»]*»|「[^」]*」|\"[^\"]*\""
_SCRIPTS = {"ar": "[\u0600-\u06ff]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]"}


class Answer(Struct, frozen=True, kw_only=True):
    """What the chat said and showed to one message."""

    text: str
    cards: tuple[str, ...] = ()
    """Titles."""
    order: str = ""
    sources: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    """Names of further parts of the stream: "handoff", "verification", "error"."""
    seconds: float = 0.0


@cache
def load_patterns() -> dict[str, Any]:
    """The lists of verdict_patterns.toml, and the small words of each language as sets."""
    patterns: dict[str, Any] = tomllib.loads(PATTERNS.read_text(encoding="utf-8"))
    patterns["words"] = {language: frozenset(words.split()) for language, words in patterns["words"].items()}
    return patterns


def tidy(text: str) -> str:
    """One kind of space, dash and apostrophe, and no bold marks."""
    text = unicodedata.normalize("NFC", text).replace("**", "").replace("\u00ad", "")
    text = re.sub("[\u00a0\u2007\u2009\u202f]", " ", text)
    text = re.sub("[\u2018\u2019\u02bc`]", "'", text)
    return re.sub("[\u2010-\u2013\u2212]", "-", text)


def is_found(pattern: str, text: str) -> bool:
    """Whether a tidied text has the pattern, in any case."""
    return re.search(tidy(pattern), text, re.IGNORECASE | re.DOTALL | re.MULTILINE) is not None


def first_found(patterns: Iterable[str], text: str) -> str | None:
    """The first pattern that the text has."""
    return next((pattern for pattern in patterns if is_found(pattern, text)), None)


def is_in_language(wanted: str, text: str, titles: Iterable[str] = ()) -> bool:
    """Whether a text may pass as written in a language.

    Quotations, the shop's own words and titles may be in any; a text of a few words may be too.
    """
    bare = re.sub(_QUOTED, " ", text)
    for lead in load_patterns()["own_words"]:
        bare = re.sub(rf"({lead})[^.]*?[:：].*", r"\1", bare, flags=re.DOTALL | re.IGNORECASE)
    for title in titles:
        bare = bare.replace(title.removesuffix(SOLD_OUT), " ")
    for language, script in _SCRIPTS.items():
        if wanted == language:
            return len(re.findall(script, bare)) >= 4 or not re.search("[a-z]{3}", bare, re.IGNORECASE)
        if re.search(script + "{3}", bare):
            return False
    tokens = re.findall(r"[^\W\d_]+", bare.lower())
    words: dict[str, frozenset[str]] = load_patterns()["words"]
    mine = words[wanted]
    for other, theirs in words.items():
        against = sum(token in theirs - mine for token in tokens)
        own = sum(token in mine - theirs for token in tokens)
        if other != wanted and against >= 3 and against > 2 * own:
            return False
    return True


def remove_empty_sentences(text: str) -> str:
    """The text without the sentences that only say that there is no answer."""
    return _remove_sentences(load_patterns()["empty"], text)


def has_declined(text: str) -> bool:
    """Whether a text says that it does not know. "Nothing exact, but ..." is no such thing."""
    patterns = load_patterns()
    return first_found(patterns["declines"], _remove_sentences(patterns["hedges"], text)) is not None


def _remove_sentences(patterns: list[str], text: str) -> str:
    sentences = re.split(r"(?<=[.!?؟])\s+|(?<=[。？])|\n", text)
    return "\n".join(each for each in sentences if not first_found(patterns, each))


def judge(expect: dict[str, Any], answer: Answer) -> tuple[str, str]:
    """The verdict on an answer and the reason, which is empty for a right one."""
    return _Judgement(expect, answer).verdict()


class _Judgement:
    def __init__(self, expect: dict[str, Any], answer: Answer) -> None:
        patterns = load_patterns()
        self.expect, self.answer, self.kind = expect, answer, expect["kind"]
        self.text = tidy(answer.text)
        self.cards = [tidy(card) for card in answer.cards]
        facts = self.text if self.kind == "decline" else remove_empty_sentences(self.text)
        shown = "\n".join([facts, *self.cards, tidy(answer.order), *(f"[{part}]" for part in answer.parts)])
        self.groups = expect.get("must", [])
        self.missing = [group for group in self.groups if not first_found(group, shown)]
        self.has_declined = has_declined(self.text)
        self.has_denied = first_found(patterns["denials"], self.text) is not None
        self.has_offered = first_found(patterns["offers"], self.text) is not None
        self.has_hedged = first_found(patterns["hedges"], self.text) is not None
        self.is_handed_over = "handoff" in answer.parts
        language = expect.get("language")
        self.is_in_tongue = not language or any(
            is_in_language(each, self.text, self.cards) for each in language.split("|")
        )

    def verdict(self) -> tuple[str, str]:
        if not self.text.strip() and not self.cards:
            return "wrong", "no answer"
        if misleading := self._misleading():
            return "wrong", misleading
        faults = self._faults()
        if self._is_met():
            graver = faults if self.kind not in ("decline", "clarify") else self._tongue_faults()
            return ("partial", "; ".join(graver)) if graver else ("right", "")
        lacks = "; ".join(["lacks: " + " | ".join(group[:3]) for group in self.missing] + faults)
        if not self.is_in_tongue:
            return "wrong", lacks
        if len(self.groups) > len(self.missing):
            return "partial", lacks
        if self._is_honest():
            return ("declined_ok" if self.expect.get("decline_ok") else "declined"), lacks
        return "wrong", lacks or "nothing of what was expected"

    def _misleading(self) -> str:
        rules, expect = self.expect.get("cards", {}), self.expect
        is_unmet = bool(self.missing) or not self.groups
        if bad := first_found(expect.get("must_not", []), self.text + "\n" + tidy(self.answer.order)):
            return f"says what it must not: {bad}"
        if unfit := next((card for card in self.cards if first_found(rules.get("none", []), card)), None):
            return f"shows what it must not: {unfit}"
        if self.has_denied and is_unmet and not expect.get("denial_ok") and self.kind != "decline":
            return "says that the shop does not have it"
        is_handoff_ok = self.kind == "handoff" or expect.get("handoff_ok") or expect.get("decline_ok")
        if self.is_handed_over and is_unmet and not is_handoff_ok:
            return "hands over to a person unasked"
        return ""

    def _faults(self) -> list[str]:
        rules, expect, faults = self.expect.get("cards", {}), self.expect, []
        if rules.get("any") and not any(first_found(rules["any"], card) for card in self.cards):
            faults.append("no card of: " + " | ".join(rules["any"]))
        if rules.get("first") and not (self.cards and is_found(rules["first"], self.cards[0])):
            faults.append(f"first card is not: {rules['first']}")
        if expect.get("source") and not any(is_found(expect["source"], tidy(each)) for each in self.answer.sources):
            faults.append(f"source is not: {expect['source']}")
        faults += self._tongue_faults()
        if unwanted := first_found(expect.get("not_ideal", []), self.text):
            faults.append(f"better without: {unwanted}")
        if self.has_hedged and not expect.get("hedge_ok") and self.kind in ("answer", "products"):
            faults.append("says that it found nothing exact")
        return faults

    def _tongue_faults(self) -> list[str]:
        return [] if self.is_in_tongue else [f"not in {self.expect['language']}"]

    def _is_met(self) -> bool:
        if self.missing:
            return False
        match self.kind:
            case "decline":
                return (
                    self.has_declined or self.has_denied or self.is_handed_over or self.has_offered or bool(self.groups)
                )
            case "clarify":
                asks = re.search("[?？؟]", self.text) is not None
                return bool(self.groups) or asks or self.has_declined or "verification" in self.answer.parts
            case "handoff":
                return self.is_handed_over or self.has_offered
            case _:
                return bool(self.groups) or self.kind == "smalltalk"

    def _is_honest(self) -> bool:
        is_honest = self.has_declined or self.is_handed_over
        is_honest = is_honest or ("verification" in self.answer.parts and self.kind != "smalltalk")
        if self.kind == "safety":
            return (is_honest or self.has_offered) and (not self.cards or bool(self.expect.get("decline_ok")))
        return is_honest and not (self.cards and self.has_hedged)
