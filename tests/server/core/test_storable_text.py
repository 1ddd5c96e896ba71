"""What Postgres cannot keep, NUL and half of a surrogate pair, fails no statement, whichever door it goes through."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text

from server.core.database import Database
from server.core.ids import new_id
from server.core.storable_text import storable_json, storable_text
from server.shops.tables import ShopRow
from tests.installation import Installation

TEXTS = {
    "plain": "plain",
    "naïve 雪 😀": "naïve 雪 😀",
    "a\x00b": "a\ufffdb",
    "a\ud800b": "a\ufffdb",
    "\udc00": "\ufffd",
    "\ud83d\ude00": "😀",
    "\x00é\udfff": "\ufffdé\ufffd",
}


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    opened = Database(installation.app_database_url, pool_size=2)
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.parametrize(("given", "kept"), TEXTS.items())
def test_a_text_is_kept_with_replacements(given: str, kept: str) -> None:
    assert storable_text(given) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('{"a": "b"}', {"a": "b"}),
        ('["a\\u0000b"]', ["a\ufffdb"]),
        ('{"\\u0000": "\\ud800", "n": [1, null, true]}', {"\ufffd": "\ufffd", "n": [1, None, True]}),
        ('"\\uD83D\\uDE00"', "😀"),
        ('"an escaped \\\\u0000 is no NUL"', "an escaped \\u0000 is no NUL"),
        ('"a\x00b"', "a\ufffdb"),
    ],
)
def test_json_is_kept_with_replacements(given: str, kept: Any) -> None:
    assert json.loads(storable_json(given)) == kept


async def test_every_kind_of_parameter_of_a_fast_connection(database: Database) -> None:
    given = list(TEXTS)
    async with database.connection(new_id()) as connection:
        assert await connection.fetchval("SELECT $1::text[]", given) == list(TEXTS.values())
        row = await connection.fetchrow("SELECT $1::text AS one, $2::varchar AS two", "a\x00b", "a\ud800b")
        assert tuple(row) == ("a\ufffdb", "a\ufffdb")
        documents = [json.dumps({"a": each}) for each in given]
        rows = await connection.fetch("SELECT * FROM unnest($1::jsonb[]) AS document", [*documents, None])
        kept = [json.loads(row["document"])["a"] for row in rows[:-1]]
        assert kept == list(TEXTS.values())
        assert rows[-1]["document"] is None
        await connection.execute("CREATE TEMPORARY TABLE kept (words text, document jsonb) ON COMMIT DROP")
        await connection.execute("INSERT INTO kept VALUES ($1, $2)", "\x00", '"\\u0000"')
        await connection.executemany("INSERT INTO kept VALUES ($1, $2)", [("\ud800", '"\\ud800"'), ("plain", "null")])
        rows = await connection.fetch("SELECT words, document::text FROM kept")
        assert [tuple(row) for row in rows] == [("\ufffd", '"\ufffd"'), ("\ufffd", '"\ufffd"'), ("plain", "null")]


async def test_every_kind_of_parameter_of_a_session(installation: Installation, database: Database) -> None:
    shop_id = new_id()
    async with database.session(shop_id) as session:
        connection = await session.connection()
        found = await connection.execute(text("SELECT CAST(:words AS text)"), {"words": "a\x00\ud800b"})
        assert found.scalar_one() == "a\ufffd\ufffdb"
        session.add(
            ShopRow(id=shop_id, name="N\x00", identity_secret=b"s", contact={"phone": "\x00"}, suggestions=["\ud800"])
        )
        await session.flush()
        session.expire_all()
        shop = await session.get(ShopRow, shop_id)
        assert shop is not None
        assert (shop.name, shop.contact, shop.suggestions) == ("N\ufffd", {"phone": "\ufffd"}, ["\ufffd"])
        await session.delete(shop)
