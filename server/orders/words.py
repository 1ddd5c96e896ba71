"""What orders and code mails say: one record a language, read once from its `orders.toml`."""

from msgspec import Struct

from integrations.platform import OrderStatus
from server.languages import language_of_locale, load_records


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language. `meanings` explain a label that does not say by itself what happens next."""

    labels: dict[OrderStatus, str]
    meanings: dict[OrderStatus, str]
    on_date: str
    expected: str
    expected_today: str
    overdue: str
    delivered_of: str
    delivered_so_far: str
    sent_of: str
    in_parcels: str
    on_the_way: str
    all_delivered: str
    code_subject: str
    code_text: str


WORDS = load_records("orders.toml", Words)


def words_for(locale: str) -> Words:
    """The words of a locale; English for languages that Aisle does not speak."""
    return WORDS[language_of_locale(locale)]
