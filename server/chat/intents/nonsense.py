"""Messages without anything to read in them."""

import re

from server.chat.intents.words import fold, words

_KEYBOARD = re.compile(r"(?:asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|wert(?=y)|zxcv|xcvb|qwertz|yxcv|poiu|lkjh)")
_VOWEL = re.compile("[aeiouy]")
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{6,}")
_REPEATED = re.compile(r"(.{1,3})\1{4,}")


_INSULT = re.compile(
    r"\b(?:fuck\w*|shit\w*|bullshit|asshole|idiots?|stupid|moron|dumb(?:ass)?|bitch|crap|sucks?|bastard|wtf|"
    r"merde|connard|putain|scheisse|scheise|arschloch|idiota|mierda|estupido|pendejo)\b"
)
_SUM = re.compile(r"\W{0,3}(?:what(?:'s| is) )?\d+(?:\s?[+*/x^]\s?\d+)+[\s=?]*")
_INJECTION = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|rules|prompts?|guidelines|training)\b|"
    r"\b(?:system|hidden|initial|secret) (?:prompt|instructions?|message)\b|\b(?:developer|debug|god|dan) mode\b|"
    r"\bjailbreak\b|\b(?:pretend|act|roleplay)\b.{0,15}\b(?:to be|as|you are)\b|"
    r"\b(?:api|secret) keys?\b|\bother (?:customers?|shoppers?|people)'?s?'? (?:orders?|data|addresses|emails?)\b|"
    r"\b(?:ignor\w+|vergiss|olvida)\b.{0,40}\b(?:instructions?|anweisungen|instrucciones|regeln|reglas)\b"
)
"""Orders to the assistant itself; there is nobody to obey them, so they are no business of the shop."""


def is_sum(folded: str) -> bool:
    """Whether it is nothing but arithmetic."""
    return bool(_SUM.fullmatch(folded))


def is_order_to_the_assistant(folded: str) -> bool:
    """Whether it tells the assistant itself what to do or to reveal."""
    return bool(_INJECTION.search(folded))


def is_insult(text: str) -> bool:
    """Whether somebody is angry at us."""
    return bool(_INSULT.search(fold(text)))


def is_nonsense(text: str) -> bool:
    """True for empty, symbols only, or keyboard mashing; a code with figures in it may be a part number."""
    stripped = text.strip()
    if stripped and not stripped.isascii() and any(character.isalpha() for character in stripped):
        return _is_mashed(words(stripped)) if any("a" <= c <= "z" for c in stripped.lower()) else False
    found = words(stripped)
    if not any(character.isalnum() for character in stripped):
        return True
    return _is_mashed(found)


def _is_mashed(found: list[str]) -> bool:
    plain = [word for word in found if word.isalpha() and len(word) > 3]
    if not plain or len(plain) < len([word for word in found if len(word) > 2]):
        return False
    return all(_looks_mashed(word) for word in plain)


def _looks_mashed(word: str) -> bool:
    return bool(
        _KEYBOARD.search(word)
        or _CONSONANTS.search(word)
        or _REPEATED.search(word)
        or (len(word) > 4 and not _VOWEL.search(word))
    )
