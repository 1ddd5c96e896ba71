"""What a plan has room for: exactly as much goes in, however many write at once, and the rest is named."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import pytest
from redis.asyncio import Redis

from billing.plans import TRIAL
from integrations.platform import CatalogItem, PolicyPage, Product
from server.billing.entitlement_service import MIN_DAILY_NETWORK_ANSWERS, EntitlementService
from server.billing.plan_limits import PlanLimits, ShopQuota
from server.catalog.formats import BadRow, ParsedProduct, Row
from server.catalog.models import FailedRow, ImportResult, Saved
from server.chat.shopper_limits import HANDOFFS, ShopperLimits
from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.errors import QuotaExceeded, RateLimited
from server.core.ids import new_id
from server.core.rate_limit import LOCAL_SHARE, RateLimiter
from server.embedded import EmbeddedServers
from server.knowledge.document_import import IncomingFile
from server.knowledge.document_writer import WrittenDocument
from server.knowledge.models import DocumentsResult, FailedFile
from server.knowledge.parsing import ParsedDocument
from server.knowledge.parsing.documents import Section
from server.shops.features import AnswerRates, Resource
from server.shops.identity import Shopper
from server.shops.members import Members
from server.shops.models import Role
from server.stores.models import StoreConnection, source_of
from server.stores.sync.store_pass import StorePass
from tests.billing.plan_house import MB, PlanShop, chairs, fill
from tests.installation import Installation
from tests.passwords import QUICK

PRODUCTS, DOCUMENTS, STORAGE = TRIAL.products or 0, TRIAL.documents or 0, (TRIAL.storage_mb or 0) * MB
PATIENCE_S = 20
NO_PRODUCTS = "the plan Trial has 1,000 products; upgrade at /console/billing"
NO_DOCUMENTS = "the plan Trial has 100 documents; upgrade at /console/billing"
NO_STORAGE = "the plan Trial has 100 MB of text and pictures; upgrade at /console/billing"


@pytest.fixture
async def shop(installation: Installation) -> AsyncIterator[PlanShop]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=12)
    await database.open()
    shop_id = UUID(installation.create_shop("Nearly full").shop_id)
    shop = PlanShop(shop_id, database, EntitlementService(database, billing=True), installation.owner_url)
    yield shop
    await shop.knowledge.close()
    await database.close()


async def silent(_: object) -> None:
    """Nobody watches."""


def document(text: str, title: str = "Returns") -> ParsedDocument:
    return ParsedDocument(title=title, sections=(Section(heading_path=(), text=text),))


async def test_what_fits_is_kept_and_the_rest_is_named_by_its_row(shop: PlanShop) -> None:
    await fill(shop.owner_url, shop.id, products=PRODUCTS - 3)

    def rows() -> Iterator[Row]:
        yield BadRow(2, "has no title")
        for number, product in enumerate([*chairs(1, 2, 3, 4, 5), Product(external_id="old-7", title="Renewed")], 3):
            yield ParsedProduct(number, product)

    reports: list[ImportResult] = []

    async def report(result: ImportResult) -> None:
        reports.append(result)

    result = await shop.catalog.import_rows(shop.id, rows(), "file", report)
    assert (result.read, result.created, result.updated, result.unchanged) == (7, 3, 1, 0)
    assert result.failed == [FailedRow(2, "has no title"), FailedRow(6, NO_PRODUCTS), FailedRow(7, NO_PRODUCTS)]
    assert await shop.products() >= {"new-1", "new-2", "new-3", "old-7"}
    assert len(await shop.products()) == PRODUCTS
    assert reports


async def test_a_full_shop_still_changes_what_it_has_and_takes_more_where_room_was_made(shop: PlanShop) -> None:
    await fill(shop.owner_url, shop.id, products=PRODUCTS + 5)  # kept from a larger plan
    renewed = Product(external_id="old-1", title="Renewed")
    assert await shop.catalog.save(shop.id, [*chairs(1), renewed], "api") == Saved(
        updated=1, refused={"new-1": NO_PRODUCTS}
    )
    for number in range(1, 7):
        await shop.catalog.delete(shop.id, f"old-{number}")
    assert await shop.catalog.save(shop.id, chairs(1, 2), "api") == Saved(created=1, refused={"new-2": NO_PRODUCTS})


async def test_imports_at_once_fill_the_plan_to_the_last_place(shop: PlanShop) -> None:
    await fill(shop.owner_url, shop.id, products=PRODUCTS - 100)
    batches = [chairs(*range(40 * n, 40 * n + 60)) for n in range(8)]  # 20 of each are the next batch's too
    saved = await asyncio.gather(*(shop.catalog.save(shop.id, batch, "file") for batch in batches))
    assert sum(each.created for each in saved) == 100
    assert len(await shop.products()) == PRODUCTS
    assert await shop.orphans() == 0
    kept = await shop.products()
    for batch, each in zip(batches, saved, strict=True):
        asked = {product.external_id for product in batch}
        assert each.created + each.updated + each.unchanged + len(each.refused) == len(asked)
        assert asked - kept <= set(each.refused)


async def waits_for_its_turn(shop: PlanShop) -> bool:
    """Whether somebody waits for the lock that guards a shop's limits."""
    async with shop.database.connection(shop.id) as connection:
        return bool(
            await connection.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        )


async def test_who_is_second_sees_what_the_first_has_added(shop: PlanShop) -> None:
    await fill(shop.owner_url, shop.id, products=PRODUCTS - 1)
    limit = await shop.plan_limits.find_allowance(shop.id, "products")
    assert limit
    async with shop.database.connection(shop.id) as first:
        await first.execute(
            "INSERT INTO product (shop_id, id, external_id, title, content_hash, source, fetched_at) "
            "VALUES ($1, gen_random_uuid(), 'rival', 'Rival', '\\x00', 'file', now())",
            shop.id,
        )
        assert await shop.plan_limits.count_remaining(first, shop.id, limit, locks=True) == 0
        second = asyncio.create_task(shop.catalog.save(shop.id, chairs(1), "file"))
        async with asyncio.timeout(PATIENCE_S):
            while not (second.done() or await waits_for_its_turn(shop)):  # noqa: ASYNC110 (known to Postgres only)
                await asyncio.sleep(0.01)
        assert not second.done()
    assert await second == Saved(refused={"new-1": NO_PRODUCTS})
    assert len(await shop.products()) == PRODUCTS


async def test_text_beyond_the_storage_is_refused_from_the_end(shop: PlanShop) -> None:
    await fill(shop.owner_url, shop.id, text_bytes=STORAGE - 30_000)
    long = [Product(external_id=f"long-{n}", title="Long", description="word " * 3_000) for n in range(4)]
    saved = await shop.catalog.save(shop.id, long, "api")
    assert 0 < saved.created < 4
    assert saved.refused == {f"long-{n}": NO_STORAGE for n in reversed(range(saved.created, 4))}
    assert await shop.orphans() == 0
    renewed = [Product(external_id="long-0", title="Longer", description="words " * 9_000)]
    assert await shop.catalog.save(shop.id, renewed, "api") == Saved(updated=1)
    with pytest.raises(QuotaExceeded, match="100 MB of text"):
        await shop.knowledge.save_document(shop.id, "returns", document("word " * 9_000), "api")
    async with shop.database.connection(shop.id) as connection:
        assert not await connection.fetchval(
            "SELECT count(*) FROM document WHERE shop_id = $1 AND external_id = 'returns'", shop.id
        )


async def test_a_document_that_is_there_grows_no_further_than_the_plan(shop: PlanShop) -> None:
    save = shop.knowledge.save_document
    await save(shop.id, "returns", document("word " * 2_000), "api")
    await fill(shop.owner_url, shop.id, text_bytes=STORAGE + 10)  # as after a change to a smaller plan
    with pytest.raises(QuotaExceeded, match="100 MB of text"):
        await save(shop.id, "returns", document("word " * 9_000), "api")
    async with shop.database.connection(shop.id) as connection:
        kept = await connection.fetchval(
            "SELECT sum(length(body)) FROM passage WHERE shop_id = $1 AND owner_external_id = 'returns'", shop.id
        )
    assert 9_000 < kept < 15_000
    assert (await save(shop.id, "returns", document("Within 30 days."), "api")).state == "updated"


async def test_documents_at_once_fill_the_plan_and_the_others_are_named(shop: PlanShop) -> None:
    await shop.knowledge.save_document(shop.id, "kept.md", document("Kept"), "api")
    await fill(shop.owner_url, shop.id, documents=DOCUMENTS - 4)
    told = await asyncio.gather(
        *(shop.knowledge.save_document(shop.id, f"d-{n}", document(f"Text {n}"), "api") for n in range(8)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, QuotaExceeded) and each.detail == NO_DOCUMENTS for each in told) == 5
    assert sum(each == WrittenDocument("created", 1) for each in told) == 3

    async def files() -> AsyncIterator[IncomingFile | FailedFile]:
        yield IncomingFile(name="new.md", data=b"# New\n\nText.")
        yield IncomingFile(name="kept.md", data=b"# Renewed\n\nText.")

    result: DocumentsResult = await shop.knowledge.import_files(shop.id, files(), "site", silent)
    assert (result.read, result.created, result.updated) == (2, 0, 1)
    assert result.failed == [FailedFile("new.md", NO_DOCUMENTS)]


class FakePlatform:
    """A store with three products and two pages."""

    def take_notes(self) -> tuple[str, ...]:
        return ()

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        return ()

    async def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        for product in (Product(external_id="known", title="Known, renewed"), *chairs(1, 2)):
            yield product

    async def fetch_policies(self) -> list[PolicyPage]:
        return [
            PolicyPage(external_id=name, title=name, url=None, body="Text.", media_type="text/markdown")
            for name in ("returns", "shipping")
        ]


class FakeJob:
    """Somebody watches the pass."""

    def __init__(self) -> None:
        self.errors: list[Any] = []

    async def save_progress(self, done: int, total: int | None, errors: list[Any], result: dict[str, Any]) -> None:
        self.errors = errors

    async def renew(self) -> None:
        return None


async def test_a_store_that_does_not_fit_is_read_as_far_as_it_does_and_loses_nothing(shop: PlanShop) -> None:
    store = StoreConnection(
        shop_id=shop.id, id=new_id(), platform="woocommerce", name="Fern", settings={}, state="active",
        sync_state="new", synced_at=None, full_synced_at=None, next_sync_at=None, every_s=3600, problem=None, result={},
        created_at=datetime.now(UTC),
    )  # fmt: skip
    await shop.catalog.save(shop.id, [Product(external_id="known", title="Known")], source_of(store.id))
    await fill(shop.owner_url, shop.id, products=PRODUCTS - 2, documents=DOCUMENTS - 1)
    job = FakeJob()
    arguments: Any = (shop.database, shop.catalog, shop.knowledge, store, job)
    reading = StorePass(*arguments, full=True)
    platform: Any = FakePlatform()
    await reading.run(platform, "https://aisle.example")
    result = reading.result
    assert (result.read, result.created, result.updated, result.removed, result.pages) == (3, 1, 1, 0, 2)
    named = [(item.id, item.reason) for item in result.failed]
    assert named == [("new-2", NO_PRODUCTS), ("shipping", NO_DOCUMENTS)]
    assert len(job.errors) == 2
    assert {"known", "new-1", "old-1"} <= await shop.products()


async def test_seats_are_taken_one_by_one(shop: PlanShop) -> None:
    members = Members(shop.database, shop.plan_limits, QUICK)
    added = await asyncio.gather(
        *(members.add(shop.id, f"{n}@{shop.id.hex}.example", "a-password", "", Role.AGENT) for n in range(4)),
        return_exceptions=True,
    )
    assert added.count(True) == TRIAL.seats == 2
    refused = [each for each in added if isinstance(each, QuotaExceeded)]
    assert len(refused) == 2
    assert "the plan Trial has 2 seats; upgrade at /console/billing" in refused[0].detail
    assert len(await members.list_of(shop.id)) == 2


def asker(shop: PlanShop, address: str = "") -> Shopper:
    """In a new conversation, as anybody may open any number."""
    return Shopper(shop_id=shop.id, conversation_id=new_id(), shopper_id=new_id(), address=address)


async def allowed(limits: ShopperLimits, shop: PlanShop, times: int, address: str = "") -> tuple[int, float]:
    """How many of so many questions at once passed, and the longest wait that was told."""
    passed, wait_s = 0, 0.0
    for _ in range(times):
        try:
            passed += await limits.require_answer(asker(shop, address))
        except RateLimited as reason:
            wait_s = max(wait_s, reason.retry_after_s or 0)
    return passed, wait_s


async def test_the_plans_rate_holds_by_half_while_redis_is_away(shop: PlanShop) -> None:
    rate = TRIAL.answers_per_minute
    async with Redis(host="127.0.0.1", port=1, socket_connect_timeout=1) as nowhere:
        limits = ShopperLimits(RateLimiter(nowhere), shop.entitlements)
        passed, wait_s = await allowed(limits, shop, rate + 5)
        assert rate * LOCAL_SHARE <= passed <= rate * LOCAL_SHARE + 2
        assert 0 < wait_s <= 60 / rate / LOCAL_SHARE
        await limits.require(asker(shop), HANDOFFS)  # is no answer
        unlimited = ShopperLimits(RateLimiter(nowhere))
        assert (await allowed(unlimited, shop, rate + 5))[0] == rate + 5


async def test_one_network_cannot_use_up_a_shops_answers(installation: Installation, shop: PlanShop) -> None:
    class Small:
        a_day = 40

        async def answer_rates(self, shop_id: UUID) -> AnswerRates:
            return AnswerRates(per_minute=10_000, per_network_a_day=self.a_day)

    a_day = Small.a_day

    with EmbeddedServers(installation.data_dir) as servers:
        async with Redis.from_url(servers.redis_url) as redis:
            limits = ShopperLimits(RateLimiter(redis), Small())
            assert await allowed(limits, shop, a_day + 20, "203.0.113.7") == (a_day, 0)
            assert (await allowed(limits, shop, 5, "203.0.113.8"))[0] == 5
            assert (await allowed(limits, shop, 5))[0] == 5  # by the shop's own server
            Small.a_day *= 2  # as after an upgrade
            assert (await allowed(limits, shop, 5, "203.0.113.7"))[0] == 5
    trial = await shop.entitlements.answer_rates(shop.id)
    assert trial and trial.per_network_a_day == MIN_DAILY_NETWORK_ANSWERS


async def test_without_billing_nothing_is_asked() -> None:
    nowhere: Any = None
    entitlements = EntitlementService(nowhere, billing=False)
    plan_limits, resources = PlanLimits(entitlements), get_args(Resource)
    assert resources == ("products", "documents", "storage_mb", "seats")
    for resource in resources:
        assert await plan_limits.find_allowance(new_id(), resource) is None
    assert await entitlements.answer_rates(new_id()) is None
    assert not entitlements.limits_keys


async def test_a_key_without_a_limit_costs_a_question_no_query(shop: PlanShop) -> None:
    class Counting:
        def __init__(self, connection: Any) -> None:
            self.connection, self.queries = connection, 0

        def __getattr__(self, name: str) -> Any:
            self.queries += 1
            return getattr(self.connection, name)

    quota = ShopQuota(shop.entitlements)
    await shop.entitlements.get_entitlement(shop.id)
    async with shop.database.connection(shop.id) as connection:
        counting = Counting(connection)
        assert await quota.reserve(counting, shop.id, new_id(), new_id())
    assert counting.queries == 1
