"""Which embedder compares a question with a shop's texts."""

import numpy as np
from msgspec import Struct

from server.models.glossary import meanings
from server.models.multilingual import LANGUAGES, MultilingualEmbedder
from server.models.protocol import Embedder, Vector

ENGLISH = "en"


class Embedders(Struct, frozen=True):
    """`main` is what AISLE_EMBEDDING_MODEL names. `multilingual` stands beside the built-in one, which is English only,
    and is None beside a model of another server, which compares whatever there is."""

    main: Embedder
    multilingual: MultilingualEmbedder | None = None

    def between(self, shop_language: str, text_language: str) -> Embedder:
        """The one whose vectors are compared between a shop's texts and a text in a language (ISO 639-1)."""
        if self.multilingual is None or shop_language == text_language == ENGLISH:
            return self.main
        return self.multilingual

    def of_passages(self, shop_language: str) -> tuple[Embedder | None, MultilingualEmbedder | None]:
        """Those that give a shop's passages their vectors: the main one, the multilingual one."""
        has_main = self.multilingual is None or shop_language == ENGLISH
        return self.main if has_main else None, self.multilingual

    async def warm_up(self) -> None:
        """Load what is on this machine, or ask the other server. Raises ModelUnavailable."""
        await self.main.embed_query("warm up")
        if self.multilingual:
            await self.multilingual.warm_up()

    async def check(self) -> str:
        """One sentence for the operator. Raises ModelUnavailable with what is wrong and how to mend it."""
        await self.main.embed_query("Is everything well?")
        if self.multilingual is None:
            return f"{self.main.name} works"
        await self.multilingual.check()
        return f"{self.main.name} works, and {self.multilingual.name} for other languages than English"

    async def close(self) -> None:
        """Release threads or connections."""
        await self.main.close()
        if self.multilingual:
            await self.multilingual.close()

    async def embed_query(self, text: str, shop_language: str, language: str) -> tuple[str, Vector]:
        """The embedder's name, and the vector of a text in a language (ISO 639-1) for comparing with a shop's.

        Raises ModelUnavailable.
        """
        if not self.multilingual or self.between(shop_language, language) is not self.multilingual:
            return self.main.name, await self.main.embed_query(text)
        vector = await self.multilingual.embed_query(text, language)
        meant = english_words(text, shop_language, language)
        if meant and language in LANGUAGES:  # what it does not know it reads through the glossary anyway
            vector = normalised(vector + await self.multilingual.embed_query(meant, ENGLISH))
        return self.multilingual.name, vector


def english_words(text: str, shop_language: str, language: str) -> str:
    """What words of a question in another language mean, for an English shop; empty elsewhere."""
    return ", ".join(meanings(text, language)) if shop_language == ENGLISH != language else ""


def normalised(vector: Vector) -> Vector:
    """The vector at length 1."""
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length > 0 else vector


def language_of(locale: str) -> str:
    """The language of a locale: "pt" of "pt-BR"."""
    return locale.replace("_", "-").partition("-")[0].lower()
