"""What the conversation so far makes of a short message: what our last message asked for, offered or showed."""

import re
from functools import lru_cache

from server.chat.answering.intents.words import fold
from server.chat.languages import ALL_PHRASES
from server.chat.models import Question

MAX_EMAIL_CHARACTERS = 254
_ASKED_FOR_ORDER = re.compile(r"order number|numero de commande|bestellnummer|numero de pedido|belongs to order")
_ASKED_FOR_PROOF = re.compile(r"e-?mail|postcode|code postal|postleitzahl|codigo postal|correo")
_YES = (
    r"(?:yes|yeah|yep|yup|ya|sure|please|do|ok|okay|k|of course|absolutely|definitely|go ahead|do (?:that|it|so)|"
    r"(?:that )?would be (?:great|nice|good|lovely)|sounds good|alright|"
    r"oui|ouais|d'accord|volontiers|avec plaisir|s'il (?:vous|te) plait|svp|bien sur|allez-y|"
    r"ja|jawohl|jo|gerne?|bitte|klar|naturlich|einverstanden|machen sie das|"
    r"si|claro|vale|por favor|de acuerdo|adelante)"
)
_NO = (
    r"(?:no|nope|nah|not now|not (?:really|yet)|no need|never ?mind|don't|no don't|nothing(?: else)?|"
    r"i'm (?:fine|good|ok)|"
    r"non|pas (?:maintenant|la peine)|rien|nein|nee|nicht notig|nichts|jetzt nicht|nada|ahora no|no hace falta)"
)
_THANKS = (
    r"(?:thanks?(?: you)?|thx|ty|merci|danke(?:schon)?|vielen dank|gracias|that's (?:all|it)|c'est tout|das war'?s)"
)
_ACKNOWLEDGED = re.compile(r"\W*(?:(?:ok|okay|k|alright|d'accord|vale|de acuerdo)\W*)+")
_THANKED = re.compile(rf"\b{_THANKS}\b")
_ASSENT = re.compile(rf"\W*{_YES}(?:\W+(?:{_YES}|{_THANKS}))*\W*")
_REFUSAL = re.compile(rf"\W*(?:(?:ok|okay)\W+)?{_NO}(?:\W+(?:{_NO}|{_THANKS}|please|bitte))*\W*")


def is_assent(folded: str) -> bool:
    """A message that is nothing but a yes."""
    return bool(_ASSENT.fullmatch(folded))


def is_refusal(folded: str) -> bool:
    """A message that is nothing but a no, with or without thanks."""
    return bool(_REFUSAL.fullmatch(folded))


def is_acknowledgement(folded: str) -> bool:
    """A yes that may as well only close what was said: "ok", "great, thanks"."""
    return bool(_ACKNOWLEDGED.fullmatch(folded) or _THANKED.search(folded))


def was_offered_staff(question: Question) -> bool:
    """Whether our last message offered to bring in the team."""
    last = question.history[-1] if question.history else None
    return last is not None and last.author == "assistant" and _says(fold(last.text), _offers())


def is_contact_expected(question: Question) -> bool:
    """Whether an e-mail address would be one to be reached at: the team was called or offered, and no proof for an
    order was asked for since."""
    for said in reversed(question.history):
        text = fold(said.text) if said.author == "assistant" else ""
        if asks_for_proof(text):
            return False
        if _says(text, _requests()) or _says(text, _offers()):
            return True
    return False


def asks_for_proof(folded: str) -> bool:
    """Whether a message of ours asks for what proves an order."""
    return bool(_ASKED_FOR_ORDER.search(folded) and _ASKED_FOR_PROOF.search(folded)) or any(
        text in folded for text in _proof_requests()
    )


def spoke_of_order(question: Question) -> bool:
    """Whether our last message was about the order in question."""
    last = fold(next((said.text for said in reversed(question.history) if said.author == "assistant"), ""))
    number = (question.order_in_question or "").strip("#").lower()
    names_it = bool(number) and bool(re.search(rf"(?<!\w){re.escape(number)}(?!\w)", last))
    return names_it or last.startswith(_parts_told())


def _says(folded: str, texts: tuple[str, ...]) -> bool:
    return any(text in folded for text in texts)


@lru_cache(maxsize=1)
def _offers() -> tuple[str, ...]:
    return tuple(
        fold(text)
        for say in ALL_PHRASES.values()
        for text in (say.offer_human, say.offer_change, say.upset, say.proof_locked)
    )


@lru_cache(maxsize=1)
def _requests() -> tuple[str, ...]:
    return tuple(fold(text) for say in ALL_PHRASES.values() for text in (say.human_waiting, say.human_requested))


@lru_cache(maxsize=1)
def _parts_told() -> tuple[str, ...]:
    """How an answer begins that tells of an order without its number."""
    texts = (
        text for say in ALL_PHRASES.values() for text in (say.order_items, say.order_total, say.order_total_hidden)
    )
    return tuple(fold(text.split("{")[0]) for text in texts)


@lru_cache(maxsize=1)
def _proof_requests() -> tuple[str, ...]:
    """With the order's number cut off: what stands before it is enough."""
    texts = (text for say in ALL_PHRASES.values() for text in (say.ask_order_proof, say.proof_refused))
    return tuple(fold(text.split("{")[0]) for text in texts)
