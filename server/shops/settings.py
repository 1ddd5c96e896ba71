"""What `PATCH /v1/shop` may set, checked as one: all wrong fields are named, and nothing is changed."""

import re
from collections.abc import Mapping
from typing import Any
from unicodedata import category

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from server.core.addresses import is_web_address
from server.core.errors import FieldError, Invalid
from server.shops.appearance import require_appearance
from server.shops.checks import InvalidSetting, list_of, text
from server.shops.hours import require_handoff

ORDER_ACCESS = ("standard", "open", "strict")
LOCALE_LENGTH = 35  # the longest well-formed language tag in use
TEXT_LENGTH = 2_000
MAX_STARTERS, MAX_STARTER = 8, 160
CONTACTS = ("email", "phone", "url")
MAX_CONTACT = 300
_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,253}")


def require_settings(values: Mapping[str, object]) -> None:
    """Raises Invalid naming every field with a value that cannot be stored."""
    if errors := settings_errors(values):
        raise Invalid("Some fields are not valid; nothing was changed.", errors=errors)


def settings_errors(values: Mapping[str, Any]) -> tuple[FieldError, ...]:
    """What is wrong with the given settings; nothing when all can be stored."""
    errors = [
        FieldError(name, f"at most {TEXT_LENGTH} characters")
        for name in ("name", "greeting", "tone", "storefront_url")
        if len(str(values.get(name) or "")) > TEXT_LENGTH
    ]
    errors += [
        FieldError(name, "must not contain control characters")
        for name in ("name", "greeting", "tone")
        if any(category(each) in ("Cc", "Cs") and each not in "\n\t" for each in str(values.get(name) or ""))
    ]
    if "name" in values and not str(values["name"]).strip():
        errors.append(FieldError("name", "must not be empty"))
    if values.get("order_access", "standard") not in ORDER_ACCESS:
        errors.append(FieldError("order_access", f"one of {', '.join(ORDER_ACCESS)}"))
    if str(values.get("currency", "USD")) not in list_currencies():
        errors.append(FieldError("currency", "an ISO 4217 code such as EUR"))
    if not _is_locale(str(values.get("locale", "en"))):
        errors.append(FieldError("locale", "a language tag such as en or pt-BR"))
    url = values.get("storefront_url")
    if url and not is_web_address(str(url)):
        errors.append(FieldError("storefront_url", "must be an address such as https://shop.example"))
    errors += require_appearance(values.get("appearance"))
    errors += require_handoff(values.get("handoff", {}))
    errors += [*_starters(values.get("suggestions", ())), *_contact(values.get("contact", {}))]
    return tuple(errors)


def _is_locale(tag: str) -> bool:
    """Whether CLDR knows the language of a tag such as `en`, `pt-BR` or `zh_Hant_TW`."""
    if not 2 <= len(tag) <= LOCALE_LENGTH:
        return False
    try:
        Locale.parse(tag.replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return False
    return True


def _starters(starters: object) -> tuple[FieldError, ...]:
    try:
        list_of(text(MAX_STARTER), MAX_STARTERS)(starters, "suggestions")
    except InvalidSetting as reason:
        return reason.errors
    return ()


def _contact(contact: Mapping[str, str]) -> list[FieldError]:
    """Shoppers are shown these as links."""
    wrong = {name: f"is not known; there are {', '.join(CONTACTS)}" for name in contact if name not in CONTACTS}
    if (email := contact.get("email")) and not _EMAIL.fullmatch(email):
        wrong["email"] = "must be an e-mail address"
    if (phone := contact.get("phone")) and not (phone.isprintable() and len(phone) <= MAX_CONTACT):
        wrong["phone"] = f"at most {MAX_CONTACT} characters in one line"
    if (url := contact.get("url")) and not (len(url) <= MAX_CONTACT and is_web_address(url)):
        wrong["url"] = "must be an address such as https://shop.example/contact"
    return [FieldError(f"contact.{name}", message) for name, message in wrong.items()]
