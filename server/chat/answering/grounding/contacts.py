"""Mail addresses, hosts and telephone numbers of an answer: only those of the shop's own settings leave."""

import re
from collections.abc import Iterable, Mapping

from server.chat.answering.grounding.quantities import visible
from server.chat.answering.grounding.vocabulary import bit_of, vocabulary
from server.chat.languages.folding import fold

_SPELLED = r"[(\[{]\s?(?:[a-z]{2,3}|\.)\s?[)\]}]"
"""A sign in brackets, by its name or itself: "(at)", "[dot]", "(.)"."""
_MAIL = re.compile(
    rf"[\w.+-]{{1,64}}\s?(?:@|{_SPELLED})\s?[\w-]{{1,63}}(?:\s?(?:\.|{_SPELLED})\s?[\w-]{{1,63}}){{0,6}}"
)
_HOST = re.compile(rf"(?<![\w@./-])(?:[a-z0-9-]{{2,63}}(?:\.|\s?{_SPELLED}\s?)){{1,6}}[a-z]{{2,24}}(?![\w.-]*@)\b")
_PHONE = re.compile(r"(?<![\w.,$€£-])\+?\(?\d[\d\s().\u2010-\u2015/-]{5,24}\d(?![\w%])")
_ACCOUNT = re.compile(r"\b[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){3,7}(?:[ -]?[a-z0-9]{1,3})?\b")
"""An international bank account number (ISO 13616)."""
_VANITY = re.compile(r"\b\d{1,4}[-. ](?:\d{2,4}[-. ])?[a-z]{4,10}\b")
_BRACKETED = re.compile(_SPELLED)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}")
_WORD = re.compile(r"[^\W\d_]+")
MIN_DIGITS, MAX_DIGITS = 7, 15
SPOKEN_DIGITS = 4
"""So many figures in words, one after the other, are a number to call."""
FILE_ENDINGS = frozenset({"md", "pdf", "txt", "html"})


def unknown_contacts(
    text: str, contact: Mapping[str, str], hosts: Iterable[str], codes: frozenset[str], language: str
) -> list[str]:
    """Every mail address, host and telephone number of a sentence that is neither in the shop's contact settings nor a
    host that may be linked. `codes` are numbers of the turn's orders and products, digits and letters only."""
    folded = fold(visible(text))
    settings = fold(" ".join(contact.values()))
    allowed = {host.partition(":")[0] for host in hosts} | set(_HOST.findall(settings)) | _mail_hosts(settings)
    found = [mail[0] for mail in _MAIL.finditer(folded) if _is_mail(mail[0]) and mail[0].rstrip(".") not in settings]
    without_mails = _MAIL.sub(" ", folded)
    for host in _HOST.finditer(without_mails):
        name = host[0]
        if name not in allowed and not any(name.endswith(f".{each}") for each in allowed) and _is_host(name):
            found.append(name)
    without_dates = _DATE.sub(" ", folded)
    known = re.sub(r"\D", "", settings)
    for phone in (*_PHONE.finditer(without_dates), *_VANITY.finditer(without_dates)):
        digits = re.sub(r"[^a-z0-9]", "", phone[0])
        if phone.re is _VANITY and not _is_vanity(phone[0], text):
            continue
        if phone.re is _PHONE and not (MIN_DIGITS <= len(digits) <= MAX_DIGITS):
            continue
        is_grouped = not phone[0].isdecimal()
        if is_grouped and digits not in codes and not (digits.isdecimal() and digits in known):
            found.append(phone[0].strip())
    found += [
        account[0] for account in _ACCOUNT.finditer(without_dates) if re.sub(r"[ -]", "", account[0]) not in codes
    ]
    return found + _spoken(folded, language)


def _mail_hosts(settings: str) -> set[str]:
    return {mail[0].partition("@")[2].rstrip(".") for mail in _MAIL.finditer(settings)}


def _is_mail(text: str) -> bool:
    """An address with its sign spelled has another sign in brackets: "(at)" alone may be any remark."""
    return "@" in text or len(_BRACKETED.findall(text)) > 1 or bool(_BRACKETED.search(text) and "." in text)


def _is_host(name: str) -> bool:
    """Whether it is an address: "e.g" and "notes.md" are none."""
    parts = re.split(r"[.()\[\]\s]+", name)
    return len(parts[-1]) > 1 and parts[-1] not in FILE_ENDINGS and len(parts[0]) > 1


def _is_vanity(found: str, text: str) -> bool:
    """ "1-900-TARNWICK" and "800-TARNWICK": figures that a word goes on with; "120-volt" and "6-90 hours" are none."""
    figures = len(re.sub(r"\D", "", found))
    is_joined = re.search(r"\d-[a-z]", found) is not None
    return is_joined and ((found.count("-") > 1 and figures > 3) or (figures > 2 and found.upper() in text))


def _spoken(folded: str, language: str) -> list[str]:
    known, bit = vocabulary(), bit_of(language)
    run: list[str] = []
    for word in _WORD.findall(folded):
        is_digit = any(number.value < 10 and number.languages & bit for number in known.numbers.get(word, ()))
        run = [*run, word] if is_digit and not any(n.rest for n in known.numbers.get(word, ())[:1]) else []
        if len(run) >= SPOKEN_DIGITS:
            return [" ".join(run)]
    return []
