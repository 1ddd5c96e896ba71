"""How often a new question is embedded: once to be read, and once for each text that is searched with."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest

from server.catalog.service import Catalog
from server.chat.answering.driver import AnswerDriver
from server.chat.answering.engine import Engine
from server.chat.answering.model_driver import ModelDriver
from server.chat.answering.reading import Reader
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.core.database import Database
from server.core.metrics import Metrics
from server.knowledge.index import SearchIndex
from server.knowledge.service import Knowledge
from server.models.local import LocalEmbedder
from server.models.multilingual import MultilingualEmbedder
from server.models.protocol import StepFinished, TextDelta, Vector
from server.shops.identity import Shopper
from tests.bench.corpus import questions
from tests.installation import Installation
from tests.models import BUILT_MODELS
from tests.server.chat.engine.shop import question
from tests.server.chat.test_driver import ScriptedModel

SEARCHED_WITH = 2
"""The message, for evidence, and the words of its wish, for products."""


class CountingLocal(LocalEmbedder):
    """`embedded` are the queries that got past the cache."""

    def __init__(self) -> None:
        super().__init__(cache_dir=BUILT_MODELS)
        self.embedded: list[str] = []

    async def _embed_one(self, text: str) -> Vector:
        self.embedded.append(text)
        return await super()._embed_one(text)


class CountingMultilingual(MultilingualEmbedder):
    """`embedded` are the queries that got past the cache."""

    def __init__(self) -> None:
        super().__init__(cache_dir=BUILT_MODELS)
        self.embedded: list[str] = []

    async def _embed_one(self, text: str) -> Vector:
        self.embedded.append(text)
        return await super()._embed_one(text)


class Chat:
    """The driver over the demo shop's catalog and policies."""

    def __init__(self, database: Database, owner_url: str, shop_id: UUID, *, with_model: bool) -> None:
        self.main, self.multilingual, self._shop_id = CountingLocal(), CountingMultilingual(), shop_id
        index = SearchIndex(database, self.main, owner_url, self.multilingual)
        self._knowledge = Knowledge(database, self.main, index, multilingual=self.multilingual)
        self._catalog, self._with_model = Catalog(database, index), with_model
        # as a server has them: an engine embeds the examples of a language with the first question
        self._reader, self._engine = Reader(self.multilingual), Engine(self.multilingual)

    async def ask(self, text: str) -> None:
        model = ScriptedModel([TextDelta("Let me see."), StepFinished("stop")])
        driver = AnswerDriver(self._reader, self._engine, ModelDriver(model) if self._with_model else None, Metrics())
        shopper = Shopper(shop_id=self._shop_id, conversation_id=uuid4(), shopper_id=uuid4(), locale="en")
        unused: Any = None
        asked = msgspec.structs.replace(question(text), shopper=shopper)
        tools = ShopToolbox(asked, self._catalog, self._knowledge, unused, unused, unused)
        await driver.answer(asked, tools, Transcript(uuid4(), "a1"))

    async def close(self) -> None:
        await self.main.close()
        await self.multilingual.close()


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    opened = Database(installation.app_database_url, pool_size=2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize("with_model", [False, True], ids=["engine", "model"])
async def test_forty_new_questions_are_each_read_once_and_searched_with_twice_at_most(
    installation: Installation, database: Database, with_model: bool
) -> None:
    chat = Chat(database, installation.owner_url, UUID(installation.demo_shop.shop_id), with_model=with_model)
    asked = questions(40)
    for text in asked:
        await chat.ask(text)
    read, searched = chat.multilingual.embedded, chat.main.embedded
    assert sorted(read) == sorted(asked)
    assert 0 < len(searched) <= SEARCHED_WITH * len(asked)
    await chat.close()


async def test_a_question_that_was_asked_before_is_not_embedded_again(
    installation: Installation, database: Database
) -> None:
    chat = Chat(database, installation.owner_url, UUID(installation.demo_shop.shop_id), with_model=False)
    await chat.ask("Do you have a waterproof tent?")
    once = [*chat.multilingual.embedded, *chat.main.embedded]
    await chat.ask("Do you have a waterproof tent?")
    assert [*chat.multilingual.embedded, *chat.main.embedded] == once
    await chat.close()
