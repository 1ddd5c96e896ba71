"""What a message states outright: order number, e-mail, postcode, name, which of the shown products.

Patterns are bounded, so reading is linear in the message's length; messages are cut at 2,000 characters.
"""

import re

from msgspec import Struct

from server.chat.answering.intents.context import asks_for_proof
from server.chat.answering.intents.words import fold
from server.chat.models import Question

MAX_CHARACTERS = 2000

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}")
_ORDER_WORD = (
    r"(?:orders?|purchase|commandes?|bestell(?:ung|nummer)(?:en)?|auftrag(?:snummer)?|pedidos?|(?:mi|la|una) compra)"
)
_NUMBER_WORD = r"(?:\s{1,3}(?:number|numbers|no\.?|nr\.?|nummer|num\.?|numero|n°|nº|id|is|ist|est|es|de|mit|lautet))"
_CODE = r"[a-z]{0,6}-?\d{2,14}(?:-[a-z0-9]{1,6})?"
_AFTER_WORD = re.compile(rf"\b{_ORDER_WORD}{_NUMBER_WORD}{{0,3}}\s{{0,3}}[:#]{{0,2}}\s{{0,3}}(?P<code>{_CODE})\b")
_AFTER_HASH = re.compile(r"#\s{0,2}(?P<code>(?:[a-z]{0,6}-?)\d{3,14}(?:-[a-z0-9]{1,6})?)\b")
_BARE = re.compile(r"(?<![\w.@#$€£/-])(?P<code>(?:[a-z]{1,3}-?)?\d{4,14})(?![\w@%€$£]|[.,]\d)")
_NOT_ORDER_AFTER = re.compile(
    r"\s{0,2}(?:days?|hours?|weeks?|months?|euros?|dollars?|kg|cm|mm|ml|watts?|people|tagen?|jours|dias)\b"
)

_POSTCODE_WORD = (
    r"(?:zip(?:\s?code)?|post\s?code|postal\s?code|plz|postleitzahl|code\s?postal|codigo\s?postal|c\.?p\.?|pin\s?code)"
)
_POSTCODE_SHAPE = (
    r"(?P<postcode>\d{5}-\d{4}|[a-z]{1,2}\d[a-z\d]?\s?\d[a-z]{2}|[a-z]\d[a-z]\s?\d[a-z]\d|"
    r"\d{4}\s?[a-z]{2}\b|\d{3}\s\d{2}\b|\d{4,6})"
)
_POSTCODE = re.compile(
    rf"\b{_POSTCODE_WORD}(?:\s{{1,2}}(?:is|ist|est|es|lautet))?\s{{0,2}}[:=]?\s{{0,2}}{_POSTCODE_SHAPE}\b"
)
_POSTCODE_ALONE = re.compile(rf"\s*{_POSTCODE_SHAPE}[\s.!]*")

_CAPITAL = r"[A-ZÀ-ÖØ-Þ](?:[^\W\d_]|['’-]){1,30}(?!\w)"
_NAME = re.compile(
    r"(?:\b[Ii]['’]?m|\b[Ii] am|[Mm]y name(?: is|['’]s)|[Tt]his is|[Jj]e m['’]appelle|[Jj]e suis|[Mm]ein [Nn]ame ist"
    rf"|[Ii]ch hei(?:ß|ss)e|[Ii]ch bin|[Mm]e llamo|[Mm]i nombre es|"
    rf"[Ss]oy)\s+(?P<name>{_CAPITAL}(?:\s{_CAPITAL}){{1,3}})"
)
_NAME_BEFORE_POSTCODE = re.compile(
    rf"(?P<name>{_CAPITAL}(?:\s{_CAPITAL}){{1,3}}),?\s+(?:and\s+|und\s+|et\s+|y\s+)?(?:my\s+)?(?i:{_POSTCODE_WORD})\b"
)

_POSITIONS = {
    1: "first|1st|premiere?|premier|erste[nrs]?|primer[oa]?",
    2: "second|2nd|deuxieme|seconde?|zweite[nrs]?|segund[oa]",
    3: "third|3rd|troisieme|dritte[nrs]?|tercer[oa]?",
    4: "fourth|4th|quatrieme|vierte[nrs]?|cuart[oa]",
    -1: "last one|last|derniere?|dernier|letzte[nrs]?|ultim[oa]",
}
_POSITION = re.compile(
    r"\b(?:the|le|la|les|der|die|das|den|dem|el|los|las|number|option)\s+(?:"
    + "|".join(f"(?P<p{index}>{names})" for index, names in enumerate(_POSITIONS.values()))
    + r")\b(?!\s+(?:time|day|step|week|order|purchase|thing|class))"
)
_ORDER_TALK = re.compile(
    rf"\b(?:{_ORDER_WORD}|track|tracking|shipped|where'?s|where is|parcel|package|colis|paket|paquete|"
    rf"suivi|sendung|envio)\b"
)


class Slots(Struct, frozen=True, kw_only=True):
    """What was found; the order number as written, without its sign. `proof_expected`: we had asked for it."""

    order_number: str | None = None
    email: str | None = None
    postcode: str | None = None
    name: str | None = None
    positions: tuple[int, ...] = ()
    proof_expected: bool = False


def read_slots(question: Question) -> Slots:
    """Everything the message states outright."""
    text = question.text[:MAX_CHARACTERS]
    folded = fold(text)
    asked = _last_of_ours(question)
    proof_expected = bool(asked and asks_for_proof(asked))
    email = _EMAIL.search(text)
    rest = folded if email is None else folded[: email.start()] + " " * len(email[0]) + folded[email.end() :]
    postcode = _postcode(rest, proof_expected and question.order_in_question is not None)
    if postcode:
        rest = rest.replace(postcode, " " * len(postcode), 1)
    number = _order_number(rest, is_about_orders=bool(email or proof_expected or _ORDER_TALK.search(rest)))
    return Slots(
        order_number=number.upper() if number else None,
        email=email[0].strip("'.").lower() if email else None,
        postcode=postcode.upper() if postcode else None,
        name=_name(text),
        positions=_positions(folded),
        proof_expected=proof_expected,
    )


def _order_number(folded: str, *, is_about_orders: bool) -> str | None:
    for pattern in (_AFTER_WORD, _AFTER_HASH):
        if found := pattern.search(folded):
            return found["code"]
    if is_about_orders:
        for found in _BARE.finditer(folded):
            if not _NOT_ORDER_AFTER.match(folded, found.end()):
                return found["code"]
    return None


def _postcode(folded: str, is_expected: bool) -> str | None:
    if found := _POSTCODE.search(folded):
        return found["postcode"]
    if is_expected and (found := _POSTCODE_ALONE.fullmatch(folded)):
        return found["postcode"]
    return None


def _name(text: str) -> str | None:
    found = _NAME.search(text) or _NAME_BEFORE_POSTCODE.search(text)
    return found["name"] if found else None


def _positions(folded: str) -> tuple[int, ...]:
    numbers = list(_POSITIONS)
    found = [numbers[int((match.lastgroup or "p0")[1:])] for match in _POSITION.finditer(folded)]
    return tuple(dict.fromkeys(found))


def _last_of_ours(question: Question) -> str | None:
    for utterance in reversed(question.history):
        if utterance.author != "shopper":
            return fold(utterance.text)
    return None
