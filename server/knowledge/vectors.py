"""What of a passage is embedded, by which embedder, and the vectors that come of it."""

from collections.abc import Sequence

from msgspec import Struct

from server.knowledge.passages import embedded_product_name, embedded_product_text
from server.models.embedders import normalised
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Vector


class EmbeddedText(Struct, frozen=True):
    """`text` is what both embedders read; `name`, of a product, what it is called and filed under."""

    text: str
    name: str | None = None


def embedded_text(title: str, heading_path: Sequence[str], body: str, kind: str) -> EmbeddedText:
    """What is embedded: a document's passage is understood by its title and headings."""
    if kind == "product":
        return EmbeddedText(embedded_product_text(body), embedded_product_name(body))
    return EmbeddedText("\n".join((" > ".join((title, *heading_path)), body)))


async def multilingual_vectors(
    embedder: MultilingualEmbedder, texts: Sequence[EmbeddedText], language: str
) -> list[Vector]:
    """One vector a text, in a shop's language (ISO 639-1); a product's name counts as much as its text, which alone
    blurs what the product is (decisions/0013). Raises ModelUnavailable."""
    named = [text.name for text in texts if text.name]
    found = await embedder.embed_passages([text.text for text in texts] + named, language)
    names = iter(found[len(texts) :])
    return [
        normalised(vector + next(names)) if text.name else vector
        for text, vector in zip(texts, found[: len(texts)], strict=True)
    ]
