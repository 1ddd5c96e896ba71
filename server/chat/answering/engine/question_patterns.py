"""What kind of answer a policy question wants (opening hours, a table, a place, help), and what gives it."""

import re

from server.chat.answering.intents.words import fold

_CLOCK_WORDS = re.compile(
    r"\b(?:opening|business|store|shop|working) (?:hours|times)|\bare you open|what time|"
    r"\b(?:horaires?|offnungszeiten|horario)\b"
)
_CLOCK = re.compile(
    r"\b\d{1,2}\s?(?:am|pm|a\.m|p\.m|uhr|h)\b|\b\d{1,2}[:.h]\d{2}\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day"
)
_TABLE_WORDS = re.compile(
    r"\bsiz(?:e|ing) (?:chart|guide|table)s?\b|\b(?:what|which|us|uk|eu|european) (?:\w+ )?size\b|"
    r"\bguide des tailles\b|\bgrosentabelle\b|\b(?:guia|tabla) de tallas\b"
)
_PLACE_WORDS = re.compile(
    r"\bwhere (?:are you|is your|are your|do you)\b|\bvisit\b|\bin person\b|\bcome (?:to|by|into?)\b|\baddress\b|"
    r"\b(?:do you have|have you got) (?:an? |any )?(?:\w+ )?(?:stores?|shops?|showrooms?)\b|"
    r"\b(?:physical|retail|nearest|local) (?:stores?|shops?)\b|"
    r"\bou (?:etes|est|se trouve)|\b(?:visiter|venir)\b|\b(?:magasin|boutique)s?\b|"
    r"\bwo (?:seid|sind|sitzt|ist|finde)\b|\b(?:laden|ladengeschaft|geschaft|filiale\w*|vorbeikommen|standort\w*)\b|"
    r"\bdonde (?:estan|estais|esta)\b|\btiendas?\b"
)
_PLACE = re.compile(
    r"\b(?:stores?|shop|showroom|warehouse|workshop|studio|office|based|located|pickup|pack|laden|geschaft|boutique|"
    r"magasin|tienda)\b.{0,25}?(?:\b(?:in|at|near|a|en|de)|,) (?-i:[A-Z])\w+|"
    r"(?<=[\w,;:] )(?-i:[A-Z])\w+ (?:store|shop|showroom|workshop)\b",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"^(?:if|falls|wenn|sollte|si|en cas)\b")
_RESTRICTION = re.compile(r"\bonly (?:when|if|where)\b|\bnur (?:wenn|falls)\b|\bseulement si\b|\bsolo si\b")
_EXCEPTION_WORDS = re.compile(
    r"\b(?:if|falls|wenn|si|late|lost|missing|damaged|broken|wrong|faulty|fail\w*|never|not|\w+n't|perdu\w*|verloren|perdid\w)\b"
)
_PERSONAL = re.compile(
    r"\bmy\b.{0,30}\b(?:balance|points)\b|\b(?:balance|how much)\b.{0,25}\b(?:on|of|in) (?:my|the|a) "
    r"(?:gift ?card|account|voucher|store credit)\b|\bsolde de (?:ma|mon)\b|\bguthaben\b|\bsaldo\b|"
    r"\b(?:mes|meine|mis) (?:points|punkte|puntos)\b"
)
_TROUBLE = re.compile(
    r"\b(?:wrong|incorrect|broken|damaged|faulty|defective|missing|torn|ripped|cracked|broke|money back|refund me|"
    r"never (?:got|received|came|arrived)|"
    r"(?:want|need|demand) (?:a|my) (?:refund|replacement)|rembours\w+[- ]moi|casse\w*|abime\w*|defectueu\w+|mauvaise?|"
    r"kaputt\w*|beschadigt\w*|defekt\w*|falsche[nrs]?|geld zuruck|rot[oa]|danad[oa]|equivocad[oa]|mi dinero)\b"
)
_WRONG_ITEM = re.compile(
    r"\b(?:wrong|incorrect|mauvaise?|falsche[nrs]?|equivocad[oa]|incorrect[oa]|erroneo)\b|"
    r"\b(?:not|n't) (?:what|the (?:one|thing|item)) i (?:ordered|bought)\b"
)
_RULE = re.compile(
    r"\b(?:polic(?:y|ies)|rules?|terms|conditions?|politique|richtlinien?|bedingungen|politica|condiciones)\b"
)
_REFUND = re.compile(
    r"\bmoney back\b|\b(?:want|need|demand|like) (?:a|my) refund\b|\brefund me\b|\bje veux (?:etre )?rembours\w+|"
    r"\bgeld zuruck\b|\bmi dinero\b"
)
_LATE = re.compile(r"\b(?:refund|return)\w*\b.{0,30}\bafter (?:\d|a |two |three |six )")


_USED = re.compile(
    r"\b(?:used|worn|already (?:washed|tried)|gebraucht\w*|getragen\w*|utilise\w*|portee?s?|usad[oa]s?)\b"
)
_UNUSED = re.compile(
    r"\b(?:unused|unworn|unwashed|new condition|original condition|ungebraucht\w*|ungetragen\w*|non portee?s?)\b"
)


def asks_of_used(text: str) -> bool:
    """Whether it is about something that was used: the rule is what condition things must be in."""
    return bool(_USED.search(fold(text)))


def is_of_condition(sentence: str) -> bool:
    """Whether it says what is done with used or unused things."""
    return bool(_USED.search(fold(sentence)) or _UNUSED.search(fold(sentence)))


def wants_clock(text: str) -> bool:
    """Opening times: a passage without a time of day or a weekday is no answer."""
    return bool(_CLOCK_WORDS.search(fold(text)))


def has_clock(sentence: str) -> bool:
    """Whether it names a time of day or a weekday."""
    return bool(_CLOCK.search(fold(sentence)))


def wants_table(text: str) -> bool:
    """The size guide, as a whole."""
    return bool(_TABLE_WORDS.search(fold(text)))


def wants_place(text: str) -> bool:
    """Where the shop is, or whether one may come; asked of a question about the shop itself."""
    return bool(_PLACE_WORDS.search(fold(text)))


def has_place(sentence: str) -> bool:
    """Whether it names a town beside a shop of the merchant: "pickup, Portland", "the Portland store"."""
    return bool(_PLACE.search(sentence))


def wants_exception(text: str) -> bool:
    """The question names a special case itself: "what if it is late"."""
    return bool(_EXCEPTION_WORDS.search(fold(text)))


def is_exception(sentence: str) -> bool:
    """A sentence on a special case only: "If tracking has not moved ..."."""
    return bool(_EXCEPTION.search(fold(sentence)))


def is_restriction(sentence: str) -> bool:
    """What is not given but in one case: no rule to answer with where another sentence has the words too."""
    return bool(_RESTRICTION.search(fold(sentence)))


def is_personal(text: str) -> bool:
    """The shopper's own balance or points: nothing that the shop's pages could say."""
    return bool(_PERSONAL.search(fold(text)))


def is_trouble(text: str) -> bool:
    """Something went wrong for this shopper: beside the rule they want somebody to act."""
    return bool(_TROUBLE.search(fold(text)))


def is_wrong_item(text: str) -> bool:
    """Something else came than was ordered."""
    return bool(_WRONG_ITEM.search(fold(text)))


def wants_rule(text: str) -> bool:
    """The policy as such, which shops say first: "return policy"."""
    return bool(_RULE.search(fold(text)))


def asks_how_late(text: str) -> bool:
    """ "Can I get a refund after 60 days?" asks for the time one has, whatever the words are near to."""
    return bool(_LATE.search(fold(text)))


def wants_refund(text: str) -> bool:
    """ "I want my money back": the way there begins with the right to return."""
    return bool(_REFUND.search(fold(text)))
