"""Messages to read, and a reader without an embedder: what the words alone say."""

from uuid import UUID

from server.chat.answering.reading import Reader, Reading
from server.chat.languages.phrases import ALL_PHRASES
from server.chat.models import Question, Utterance
from server.models.protocol import ModelUnavailable, Vector
from server.shops.identity import Shopper

NOBODY = Shopper(shop_id=UUID(int=1), conversation_id=UUID(int=2), shopper_id=UUID(int=3))


class AwayEmbedder:
    """An embedder that never answers."""

    async def embed_query(self, text: str, language: str = "") -> Vector:
        raise ModelUnavailable("away")


def question(
    text: str, locale: str = "en", *, after: tuple[str, ...] = (), order: str | None = None, currency: str = "EUR"
) -> Question:
    """A message in a conversation. `after` are the names of the phrases that we said last, oldest first."""
    history = tuple(Utterance("assistant", getattr(ALL_PHRASES[locale], name)) for name in after)
    return Question(
        text=text, shopper=NOBODY, locale=locale, history=history, order_in_question=order, currency=currency
    )


async def read(text: str, locale: str = "en", **around: object) -> Reading:
    """What the words alone say."""
    return await Reader(AwayEmbedder()).read(question(text, locale, **around))  # type: ignore[arg-type]
