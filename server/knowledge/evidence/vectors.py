"""What of a unit is embedded, and the vectors that come of it."""

import hashlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from server.knowledge.evidence.unit import Unit, embedded_text, labelled_text, place_text
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import Embedder, Vector


class UnitText(Struct, frozen=True):
    """What is embedded of a unit: `whole` by the main embedder; `own` and, apart from it, `place` by the multilingual
    one, for which a title in the same text drowns what the text says (decisions/0012)."""

    whole: str
    own: str
    place: str = ""

    @property
    def digest(self) -> bytes:
        """16 bytes: equal ones need no second embedding."""
        return hashlib.blake2b("\0".join((self.whole, self.own, self.place)).encode(), digest_size=16).digest()


def document_text(unit: Unit) -> UnitText:
    """A document's unit is understood by its title and headings."""
    return UnitText(embedded_text(unit), labelled_text(unit), place_text(unit))


def product_text(unit: Unit) -> UnitText:
    """The product of a unit is known when its units are compared: without its title they are told apart better."""
    text = labelled_text(unit)
    return UnitText(text, text)


async def embed_units(
    embedder: Embedder | MultilingualEmbedder, texts: Sequence[UnitText], language: str
) -> list[Vector]:
    """One vector a text, in order; `language` (ISO 639-1) is that of the shop. Raises ModelUnavailable."""
    if not isinstance(embedder, MultilingualEmbedder):
        return await embedder.embed_passages([text.whole for text in texts])
    parts = list(dict.fromkeys(part for text in texts for part in (text.own, text.place) if part))
    vectors = dict(zip(parts, await embedder.embed_passages(parts, language), strict=True))
    return [_normalised(vectors[text.own] + vectors[text.place]) if text.place else vectors[text.own] for text in texts]


def _normalised(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0 else vector
