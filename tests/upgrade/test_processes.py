"""What processes make of a database that does not fit, takes no writes, or is busy: over HTTP and the command line."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from server.billing.entitlement_service import EntitlementService
from server.core.crypto import Vault, app_role_password
from server.core.errors import Unavailable
from server.migrations.fit import require_fit
from server.migrations.migrate import migrate
from server.migrations.revisions import newest_revision
from server.shops.service import ShopService
from tests.commands import TIMEOUT_S, run_aisle
from tests.installation import read_answer
from tests.servers import SharedServers, free_port, running_serve
from tests.upgrade.conftest import SECRET_KEY, House, made_house

ORIGIN = "https://shop.example"
TRIGGER = """
    CREATE TABLE fault (code text, op text);
    GRANT SELECT ON fault TO PUBLIC;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM fault WHERE op = TG_OP) THEN
            RAISE EXCEPTION 'provoked' USING ERRCODE = (SELECT code FROM fault LIMIT 1);
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER fail BEFORE INSERT OR UPDATE ON turn FOR EACH ROW EXECUTE FUNCTION fail();
    CREATE TRIGGER fail BEFORE INSERT ON job FOR EACH ROW EXECUTE FUNCTION fail();
    CREATE TRIGGER fail BEFORE UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION fail();
"""
STATES = {
    "55P03": "database_busy",
    "57014": "database_busy",
    "40P01": "database_busy",
    "40001": "database_busy",
    "25006": "database_read_only",
    "53100": "database_full",
    "53200": "database_exhausted",
}


class Visitor:
    """A shopper and a merchant of the dumped shop."""

    def __init__(self, base_url: str, publishable_key: str, secret_key: str) -> None:
        self._client = httpx.AsyncClient(base_url=base_url, timeout=60)
        self._key, self._merchant = publishable_key, {"Authorization": f"Bearer {secret_key}"}

    async def open(self) -> None:
        opened = await self._client.post("/v1/sessions", json={"key": self._key}, headers={"Origin": ORIGIN})
        assert opened.status_code == 201, opened.text
        self._session = opened.json()

    async def ask(self, text: str, message_id: str | None = None) -> httpx.Response:
        headers = {"Origin": ORIGIN, "Authorization": f"Bearer {self._session['session']}"}
        message = {
            "id": message_id or str(uuid.uuid4()),
            "role": "user",
            "parts": [{"type": "text", "text": text}],
        }
        return await self._client.post("/v1/chat", json={"message": message}, headers=headers)

    async def upload_products(self, **headers: str) -> httpx.Response:
        file = ("p.jsonl", b'{"id": "x", "title": "X", "price": "1"}\n')
        return await self._client.post("/v1/products/import", files={"file": file}, headers=self._merchant | headers)

    async def greet(self, **headers: str) -> httpx.Response:
        return await self._client.patch("/v1/shop", json={"greeting": "Hello"}, headers=self._merchant | headers)

    async def history(self) -> list[dict[str, Any]]:
        headers = {"Origin": ORIGIN, "Authorization": f"Bearer {self._session['session']}"}
        response = await self._client.get(f"/v1/chat/{self._session['conversation_id']}", headers=headers)
        return list(response.json()["messages"])

    async def conversations(self) -> httpx.Response:
        return await self._client.get("/v1/conversations", headers=self._merchant)

    async def ready(self) -> tuple[int, dict[str, Any]]:
        response = await self._client.get("/health/ready")
        return response.status_code, response.json()

    async def close(self) -> None:
        await self._client.aclose()


@pytest.fixture(scope="module")
async def restored(servers: SharedServers) -> AsyncIterator[House]:
    """The dumped shop, migrated by its owner."""
    async with made_house(servers, "CREATEROLE") as house:
        await house.restore("0008")
        await migrate(house.url, house.app_role, app_role_password(SECRET_KEY))
        async with house.admin() as admin:
            await admin.execute(TRIGGER)
        yield house


@pytest.fixture(scope="module")
async def served(restored: House, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Visitor]:
    """A process of this version on it."""
    async with restored.admin() as admin:
        shop_id = await admin.fetchval("SELECT id FROM shop")
        publishable = await admin.fetchval("SELECT publishable FROM api_key WHERE kind = 'publishable'")
    async with restored.database() as database:
        shops = ShopService(database, Vault((SECRET_KEY,)), EntitlementService(database, billing=False))
        key = await shops.add_key(shop_id, "secret", "new", "test")
    assert key.key
    with running_serve(restored.environment, tmp_path_factory.mktemp("served") / "log") as base_url:
        visitor = Visitor(base_url, publishable, key.key)
        await visitor.open()
        yield visitor
        await visitor.close()


def provoking(sqlstate: str, *operations: str) -> str:
    """Writes of these kinds fail as the server fails them."""
    return "INSERT INTO fault VALUES " + ", ".join(f"('{sqlstate}', '{operation}')" for operation in operations)


@asynccontextmanager
async def changed(house: House, change: str, undo: str) -> AsyncIterator[None]:
    """An administrator's change, taken back afterwards."""
    async with house.admin() as admin:
        await admin.execute(change)
        try:
            yield
        finally:
            await admin.execute(undo)


async def test_old_data_answers(served: Visitor) -> None:
    answer = read_answer(iter((await served.ask("How much is the Fell 2 Tent?")).text.splitlines()))
    assert "$289.00" in answer.text
    assert answer.done
    answer = read_answer(iter((await served.ask("How long does shipping take?")).text.splitlines()))
    assert answer.sources
    old = (await served.conversations()).json()["data"]
    assert len(old) >= 1
    assert await served.ready() == (200, {"status": "ready", "down": []})


@pytest.mark.parametrize(("sqlstate", "code"), STATES.items(), ids=STATES)
async def test_a_state_that_passes_is_503(served: Visitor, restored: House, sqlstate: str, code: str) -> None:
    message_id, key = str(uuid.uuid4()), {"Idempotency-Key": str(uuid.uuid4())}
    async with changed(restored, provoking(sqlstate, "INSERT", "UPDATE"), "DELETE FROM fault"):
        answers = [
            await served.ask("How long does shipping take?", message_id),
            await served.upload_products(),
            await served.greet(),
            await served.upload_products(**key),
        ]
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], int(answer.headers["retry-after"]) >= 1) == (code, True)
    again = read_answer(iter((await served.ask("How long does shipping take?", message_id)).text.splitlines()))
    assert again.done
    assert (await served.upload_products(**key)).status_code == 202


async def test_an_answer_that_cannot_be_saved_is_saved_later(served: Visitor, restored: House) -> None:
    await served.open()
    async with changed(restored, provoking("53100", "UPDATE"), "DELETE FROM fault"):
        answer = read_answer(iter((await served.ask("How long does shipping take?")).text.splitlines()))
        assert answer.done
        assert [message["role"] for message in await served.history()] == ["user"]
    async with asyncio.timeout(TIMEOUT_S):
        while len(messages := await served.history()) < 2:
            pass
    [saved] = [part["text"] for part in messages[1]["parts"] if part["type"] == "text"]
    assert saved == answer.text
    assert not messages[1]["metadata"].get("interrupted")


async def test_a_table_that_others_lock(served: Visitor, restored: House) -> None:
    async with restored.admin() as admin, admin.transaction():
        await admin.execute("LOCK TABLE conversation, job, shop")
        answers = await asyncio.gather(
            served.ask("How long does shipping take?"), served.upload_products(), served.greet()
        )
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "database_busy")] * 3
    assert (await served.ask("How long does shipping take?")).status_code == 200


async def test_a_database_made_read_only_and_writable_again(served: Visitor, restored: House) -> None:
    """As after a failover that leaves connections to the old primary open: they have to be given up."""
    role = restored.app_role
    cut = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
    read_only = f"ALTER ROLE {role} SET default_transaction_read_only = on"
    async with changed(restored, f"{read_only}; {cut}", f"ALTER ROLE {role} RESET default_transaction_read_only"):
        async with asyncio.timeout(TIMEOUT_S):
            while (await served.ready())[1].get("detail", "").find("takes no writes") < 0:
                pass
        status, _ = await served.ready()
        asked = await served.ask("How long does shipping take?")
        for _ in range(4):  # connections that know only the server that takes no writes
            assert (await served.greet()).status_code == 503
    assert status == 503
    assert (asked.status_code, asked.json()["code"]) == (503, "database_read_only")
    async with asyncio.timeout(TIMEOUT_S):
        while (await served.ready())[0] != 200 or (await served.greet()).status_code != 200:
            pass
    assert (await served.ask("How long does shipping take?")).status_code == 200


@pytest.mark.parametrize(
    ("change", "undo", "status", "detail"),
    [
        (
            "UPDATE alembic_version SET version_num = '0007'",
            "UPDATE alembic_version SET version_num = '{newest}'",
            503,
            "the schema is at revision 0007, this version needs {newest}; run `aisle migrate`",
        ),
        (
            "UPDATE alembic_version SET version_num = '9999'; REVOKE SELECT ON picture FROM {role}",
            "UPDATE alembic_version SET version_num = '{newest}'; GRANT SELECT ON picture TO {role}",
            200,
            "the schema is at revision 9999, newer than this version's {newest}: that is fine during an upgrade; "
            "then start the newer version here too",
        ),
        (
            "REVOKE SELECT ON picture FROM {role}",
            "GRANT SELECT ON picture TO {role}",
            503,
            "the app's role lacks SELECT on picture; run `aisle migrate`",
        ),
        (
            "REVOKE EXECUTE ON FUNCTION shops_to_sync() FROM {role}, PUBLIC",
            "GRANT EXECUTE ON FUNCTION shops_to_sync() TO {role}, PUBLIC",
            503,
            "the app's role lacks EXECUTE on shops_to_sync(); run `aisle migrate`",
        ),
        (
            "GRANT UPDATE ON usage_entry TO {role}",
            "REVOKE UPDATE ON usage_entry FROM {role}",
            200,
            "the app's role has UPDATE on usage_entry, which it must not have; run `aisle migrate`",
        ),
    ],
    ids=["older", "newer", "a table's right", "a function's right", "a right too many"],
)
async def test_a_database_that_does_not_fit(
    served: Visitor, restored: House, change: str, undo: str, status: int, detail: str
) -> None:
    names = {"role": restored.app_role, "newest": newest_revision()}
    async with changed(restored, change.format(**names), undo.format(**names)):
        found = await served.ready()
        async with restored.database() as database:
            if status == 200:
                assert await require_fit(database) == detail.format(**names)
            else:
                with pytest.raises(Unavailable, match=re.escape(detail.format(**names))):
                    await require_fit(database)
    assert (found[0], found[1]["detail"]) == (status, detail.format(**names))
    assert await served.ready() == (200, {"status": "ready", "down": []})


async def test_commands_say_what_does_not_fit_in_one_line(restored: House) -> None:
    older = (
        "UPDATE alembic_version SET version_num = '0007'",
        f"UPDATE alembic_version SET version_num = '{newest_revision()}'",
    )
    line = f"the schema is at revision 0007, this version needs {newest_revision()}; run `aisle migrate`"
    async with changed(restored, *older):
        serve, doctor = await asyncio.gather(
            asyncio.to_thread(run_aisle, ["serve", "--port", str(free_port())], restored.environment),
            asyncio.to_thread(run_aisle, ["doctor"], restored.environment),
        )
    assert (serve.returncode, serve.stdout, serve.stderr) == (1, "", f"aisle: {line}\n")
    assert f"FAIL schema: {line}\n" in doctor.stdout
    assert "ok   rights: the app's role has what it needs and no more\n" in doctor.stdout
    assert "connections: " in doctor.stdout


async def test_workers_that_do_not_fit_on_the_database(restored: House) -> None:
    async with changed(
        restored,
        f"ALTER ROLE {restored.app_role} CONNECTION LIMIT 40",
        f"ALTER ROLE {restored.app_role} CONNECTION LIMIT -1",
    ):
        ended = await asyncio.to_thread(
            run_aisle, ["serve", "--workers", "9", "--port", str(free_port())], restored.environment
        )
    assert (ended.returncode, ended.stdout) == (2, "")
    [line] = ended.stderr.splitlines()
    assert line.startswith(
        "aisle: 9 processes with 4 connections each need more than the database has left: of 40 connections"
    )
    assert "start fewer processes" in line
