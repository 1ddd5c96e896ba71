"""What the console shows for connecting a store of one platform."""

from typing import Literal

from msgspec import Struct


class FormField(Struct, frozen=True, kw_only=True):
    """One input. `is_secret` values are never shown again after a mistake."""

    name: str
    label: str
    type: Literal["text", "url", "password"] = "text"
    placeholder: str = ""
    is_required: bool = True
    is_secret: bool = False
    max_length: int = 200


class ConsentForm(Struct, frozen=True, kw_only=True):
    """Connecting through the platform's own consent page: one field for the store's address.

    With `link` the merchant goes there by a link, which ends in the store's address. Without it the console posts the
    address, and `StorePlatform.begin_consent` says where to go.
    """

    field: FormField
    link: str | None = None


class ConnectForm(Struct, frozen=True, kw_only=True):
    """One section of the page of stores. `fields` are those of the platform's request; `keys_from` says where the
    merchant finds their values, in a section that has a consent form as well."""

    heading: str
    about: str = ""
    consent: ConsentForm | None = None
    fields: tuple[FormField, ...] = ()
    keys_from: str = ""
    button: str = "Connect"


class Consent(Struct, frozen=True):
    """The address of a store's consent page, and the store's host to show with it."""

    address: str
    store: str
