"""Which of our languages a message is in: by its small words, with the shopper's locale as the first guess."""

import re

from server.chat.answering.intents.words import words
from server.chat.models import Question

LANGUAGES = ("en", "fr", "de", "es")
"""Languages Aisle answers in; others get English."""

_MARKS = {
    "en": "the is are my your do does have you what where how can when which it for with of this that not no yes want "
    "need any hello hi thanks thank please order would could there i'm it's return shipping "
    "looking show under gift in and a to me i",
    "fr": "le la les des est sont mon ma mes votre vos je vous avez quel quelle quels pour avec une un du dans pas "
    "comment combien bonjour salut merci svp commande livraison ou et j'ai est-ce c'est qu'est puis peux "
    "cherche moins retour remboursement qui sur au",
    "de": "der die das ist sind mein meine meinen meiner ihr ihre haben habt ich sie wie was wo wann welche fur mit "
    "ein eine einen und nicht kann hallo danke bitte bestellung versand lieferung gibt es unter suche konnen "
    "moin tschuss servus auf zu im dem den ruckgabe zuruck",
    "es": "el los las es son mi mis su sus tiene tienen tienes que cual cuanto cuanta donde como cuando para con una "
    "un del de en no hola gracias por favor pedido envio quiero busco hay puedo esta este y mas menos devolucion "
    "necesito",
}
_MARK_SETS = {language: frozenset(marks.split()) for language, marks in _MARKS.items()}
_LETTERS = {
    "ß": "de",
    "ä": "de",
    "ö": "de",
    "ñ": "es",
    "¿": "es",
    "¡": "es",
    "ç": "fr",
    "œ": "fr",
    "è": "fr",
    "ê": "fr",
    "à": "fr",
}
_PRIOR = 0.9
_LETTER = 1.5
_STICKS = 1.5
FEW_WORDS = 3
_EMAIL = re.compile(r"\S{1,64}@\S{1,190}")


def language_of_locale(locale: str) -> str:
    """ "fr-CA" -> "fr"; a locale we have no texts for gives English."""
    language = locale.replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else "en"


def language_of(question: Question, text: str) -> str:
    """The language of a message in its conversation: a few words do not change it."""
    text = _EMAIL.sub(" ", text)
    earlier = " ".join(said.text for said in question.history if said.author == "shopper")
    if not earlier or len(words(text)) > FEW_WORDS:
        return detect_language(text, question.locale)
    spoken = detect_language(_EMAIL.sub(" ", earlier[-1000:]), question.locale)
    return detect_language(text, spoken, prior=_STICKS)


def locale_in_language(locale: str, language: str) -> str:
    """The shopper's region where it speaks the reply's language: en-GB writes dates otherwise than en-US."""
    parts = locale.replace("_", "-").split("-")
    is_plain = len(parts) == 2 and len(parts[1]) == 2 and parts[1].isalpha()
    return f"{language}-{parts[1].upper()}" if is_plain and parts[0].lower() == language else language


def detect_language(text: str, locale: str, prior: float = _PRIOR) -> str:
    """The language of a message. Without a clue it is the locale's, which counts as `prior` of its words."""
    scores = dict.fromkeys(LANGUAGES, 0.0)
    scores[language_of_locale(locale)] += prior
    found = words(text[:1000])
    for language, marks in _MARK_SETS.items():
        scores[language] += sum(1 for word in found if word in marks)
    for letter, language in _LETTERS.items():
        if letter in text.lower():
            scores[language] += _LETTER
    return max(scores, key=lambda language: scores[language])
