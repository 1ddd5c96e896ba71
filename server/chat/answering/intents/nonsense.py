"""Messages without anything to read in them."""

import re

from server.chat.answering.intents.words import fold, words

_KEYBOARD = re.compile(r"(?:asdf|sdfg|dfgh|fghj|ghjk|hjkl|qwer|wert(?=y)|zxcv|xcvb|qwertz|yxcv|poiu|lkjh)")
_VOWEL = re.compile("[aeiouy]")
_CONSONANTS = re.compile("[bcdfghjklmnpqrstvwxz]{6,}")
_REPEATED = re.compile(r"(.{1,3})\1{4,}")
_NEVER_FOLLOWS = (
    "bcfgjkpqwxz cbdfgjmnpvwx dcjqxz fcdjkmpqvwxz gcjqvwx hcdhjkpqvxz jbcdfghjklmnpqrstvwxz kcjqx ljqx mcjkqvxz "
    "pjqvwxz qbcdfghjklmnpqrstvwxz rx sx tq vbcdfghjklmnpqstvwxz wcgjqtvwxz xbdfghjklmnqrsvwxz zcdfghjkmnpqrsvxz"
)
"""A consonant and those that follow it in no word of our four languages, compounds and borrowings included."""
_ODD_PAIRS = frozenset(row[0] + after for row in _NEVER_FOLLOWS.split() for after in row[1:]) | frozenset(
    ("sd", "df", "fg", "hj", "jk", "kj", "jh", "gf", "fd")
)
"""Those, and neighbours on the keyboard that are rare in words."""
ODD_SHARE = 0.4
"""Of a word's pairs: "asdkjh" has 3 odd ones of 5, words with two odd ones are longer."""

_INSULT = re.compile(
    r"\b(?:fuck\w*|shit\w*|bullshit|asshole|idiots?|stupid|moron|dumb(?:ass)?|bitch|crap|sucks?|bastard|wtf|"
    r"merde|connard|putain|scheisse|scheise|arschloch|idiota|mierda|estupido|pendejo|"
    r"(?:not|isn't|aren't|n't) (?:very |really |much |at all )?help(?:ful|ing)?|useless bot|wrong answer|"
    r"(?:nicht|wenig) hilfreich|pas (?:tres )?utile|no (?:me )?ayudas?)\b"
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
    telling = [word for word in found if len(word) > 2]
    if not any(word.isalpha() and len(word) > 3 for word in telling):
        return False
    return all(word.isalpha() and _looks_mashed(word) for word in telling)


def _looks_mashed(word: str) -> bool:
    pairs = [word[place : place + 2] for place in range(len(word) - 1)]
    odd = sum(pair in _ODD_PAIRS for pair in pairs)
    if len(word) == 3:  # beside longer ones only: "asdkjh qwe"
        return odd > 0 or not _VOWEL.search(word)
    return bool(
        _KEYBOARD.search(word)
        or _CONSONANTS.search(word.replace("sch", ""))
        or _REPEATED.search(word)
        or (len(word) > 4 and not _VOWEL.search(word))
        or (len(word) > 4 and odd > 1 and odd >= ODD_SHARE * len(pairs))
    )
