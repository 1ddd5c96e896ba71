"""A new question is embedded once: routing and search share the vector where the query is still the message."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from server.catalog.service import Catalog
from server.chat.answering.driver import AnswerDriver
from server.chat.answering.engine import Engine
from server.chat.answering.intents import Router
from server.chat.answering.model_driver import ModelDriver
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.core.database import Database
from server.core.metrics import Metrics
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.models.protocol import StepFinished, TextDelta, Vector
from server.models.query_cache import QueryCache
from server.shops.identity import Shopper
from tests.bench.corpus import questions
from tests.installation import Installation
from tests.server.chat.engine.shop import question
from tests.server.chat.test_driver import ScriptedModel
from tests.server.chat.test_intents import HashingEmbedder


class CachingEmbedder(HashingEmbedder):
    """With the cache in front that every embedder has; `embedded` are the texts that got past it."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []
        self._cache = QueryCache(self._embed)

    async def embed_query(self, text: str) -> Vector:
        return await self._cache.get(text)

    async def _embed(self, text: str) -> Vector:
        self.embedded.append(text)
        return self._vector(text)


class Chat:
    """The driver over the demo shop's catalog and policies."""

    def __init__(self, database: Database, owner_url: str, shop_id: UUID, *, with_model: bool) -> None:
        self.embedder, self._shop_id = CachingEmbedder(), shop_id
        index = SearchIndex(database, self.embedder, owner_url)
        self._knowledge, self._catalog = Knowledge(database, self.embedder, index), Catalog(database, index)
        self._with_model = with_model
        self._router = Router(self.embedder)

    async def ask(self, text: str) -> None:
        model = ScriptedModel([TextDelta("Let me see."), StepFinished("stop")])
        driver = AnswerDriver(self._router, Engine(), ModelDriver(model) if self._with_model else None, Metrics())
        shopper = Shopper(shop_id=self._shop_id, conversation_id=uuid4(), shopper_id=uuid4(), locale="en")
        unused: Any = None
        asked = question(text)
        tools = ShopToolbox(
            msgspec.structs.replace(asked, shopper=shopper), self._catalog, self._knowledge, unused, unused, unused
        )
        await driver.answer(asked, tools, Transcript(uuid4(), "a1"))


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    opened = Database(installation.app_database_url, pool_size=2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize("with_model", [False, True], ids=["engine", "model"])
async def test_forty_new_questions_make_forty_embeddings(
    installation: Installation, database: Database, with_model: bool
) -> None:
    shop_id = UUID(installation.demo_shop.shop_id)
    chat = Chat(database, installation.owner_url, shop_id, with_model=with_model)
    asked = questions(40)
    for text in asked:
        await chat.ask(text)
    assert len(chat.embedder.embedded) == len(asked)


@pytest.mark.parametrize(
    "text",
    ["Do you have any good tents please?", "Habt ihr eine warme Jacke für den Winter?"],
    ids=["few of its words kept", "another language"],
)
async def test_a_query_that_is_another_text_has_a_vector_of_its_own(text: str) -> None:
    intent = await Router(CachingEmbedder()).recognise(question(text))
    assert intent.embedded is None
    assert intent.query != text
