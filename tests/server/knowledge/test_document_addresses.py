"""A document's address is copied into each of its passages, so it has a length; who sends a longer one is told."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from integrations.platform import CatalogItem, PolicyPage
from server.catalog.service import Catalog
from server.core.addresses import MAX_URL_CHARS
from server.core.crypto import app_role_password
from server.core.database import Database, url_for_role
from server.core.ids import new_id
from server.knowledge.document_import import IncomingFile
from server.knowledge.index import SearchIndex
from server.knowledge.models import FailedFile
from server.knowledge.service import Knowledge
from server.knowledge.web_links import canonical_url, page_links
from server.stores.models import StoreConnection
from server.stores.sync.store_pass import StorePass
from tests.installation import Installation
from tests.server.knowledge.test_crawl import Site, links, paths, read, reasons, running
from tests.server.knowledge.test_reembedding import NamedEmbedder

START = "https://shop.example/"
LONGEST = START + "a" * (MAX_URL_CHARS - len(START))
TOO_LONG = LONGEST + "a"
REASON = "its address (url) has 2,049 characters; at most 2,048 are kept"


@pytest.fixture
async def database(installation: Installation) -> AsyncIterator[Database]:
    secret = (installation.data_dir / "secret.key").read_text().strip()
    database = Database(url_for_role(installation.owner_url, "aisle_app", app_role_password(secret)), pool_size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def shop_id(installation: Installation) -> UUID:
    return UUID(installation.create_shop("Long addresses").shop_id)


@pytest.fixture
def index(database: Database, installation: Installation) -> SearchIndex:
    return SearchIndex(database, NamedEmbedder("addresses"), installation.owner_url)


@pytest.fixture
async def knowledge(database: Database, index: SearchIndex) -> AsyncIterator[Knowledge]:
    knowledge = Knowledge(database, NamedEmbedder("addresses"), index)
    yield knowledge
    await knowledge.close()


async def nobody_watches(_: object) -> None:
    """A report that goes nowhere."""


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/documents", {"id": "d", "title": "D", "content": "Words."}),
        ("POST", "/v1/sources", {}),
        ("PATCH", "/v1/sources/{id}", {}),
    ],
)
def test_the_api_names_the_field(installation: Installation, method: str, path: str, body: dict[str, str]) -> None:
    with installation.merchant(installation.create_shop("Too long")) as merchant:
        path = path.format(id=merchant.post("/v1/sources", json={"url": START}).json()["id"])
        assert merchant.request(method, path, json=body | {"url": LONGEST}).is_success
        refused = merchant.request(method, path, json=body | {"url": TOO_LONG})
        documents = merchant.get("/v1/documents").json()["data"]
    assert refused.status_code == 422
    [error] = refused.json()["errors"]
    assert error["field"] == "url"
    assert "2048" in error["message"]
    assert [document["url"] for document in documents] == ([LONGEST] if path == "/v1/documents" else [])


def file(name: str, content: str, url: str | None = None) -> IncomingFile:
    return IncomingFile(name=name, data=content.encode(), url=url)


def entry(name: str, url: str) -> dict[str, str]:
    return {"id": name, "title": f"About {name}", "body": "Words about it, more than the title has.", "url": url}


async def test_an_import_names_the_file_and_takes_the_rest(knowledge: Knowledge, shop_id: UUID) -> None:
    page = '<html><head><link rel="canonical" href="{}"></head><body><p>Words.</p></body></html>'
    entries = [entry("one", LONGEST), entry("two", TOO_LONG), entry("three", START)]

    async def files() -> AsyncIterator[IncomingFile | FailedFile]:
        yield file("front.md", f"---\nurl: {TOO_LONG}\n---\n# Front\n\nWords.")
        yield file("fits.md", f"---\nurl: {LONGEST}\n---\n# Fits\n\nWords.")
        yield file("page.html", page.format(TOO_LONG))
        yield file("several.json", msgspec.json.encode(entries).decode())
        yield file("crawled.md", "# Crawled\n\nWords.", TOO_LONG)

    result = await knowledge.import_files(shop_id, files(), "upload", nobody_watches)
    names = ["front.md", "page.html", "several.json: About two", "crawled.md"]
    assert result.failed == [FailedFile(name, REASON) for name in names]
    assert result.created == 3
    kept = await knowledge.list_documents(shop_id, "", 10)
    assert {document.id: document.url for document in kept} == {"fits.md": LONGEST, "one": LONGEST, "three": START}


async def test_a_document_stays_as_it_was(knowledge: Knowledge, shop_id: UUID) -> None:
    for url in (START, TOO_LONG):

        async def files(url: str = url) -> AsyncIterator[IncomingFile | FailedFile]:
            yield file("a.md", f"---\nurl: {url}\n---\n# A\n\nWords of {len(url)}.")

        await knowledge.import_files(shop_id, files(), "upload", nobody_watches)
    assert [document.url for document in await knowledge.list_documents(shop_id, "", 10)] == [START]


class TwoPages:
    """A store with two pages, one of them at a long address."""

    async def ensure_webhooks(self, callback_url: str) -> tuple[str, ...]:
        return ()

    async def fetch_products(self, since: datetime | None = None) -> AsyncIterator[CatalogItem]:
        nothing: tuple[CatalogItem, ...] = ()
        for item in nothing:
            yield item

    async def fetch_policies(self) -> list[PolicyPage]:
        return [
            PolicyPage(external_id=name, title=name, url=url, body="Text.", media_type="text/markdown")
            for name, url in (("far", TOO_LONG), ("near", START))
        ]

    def take_notes(self) -> tuple[str, ...]:
        return ()


class Watched:
    """The job of a pass."""

    async def save_progress(self, done: int, total: int | None, errors: list[Any], result: dict[str, Any]) -> None:
        return None

    async def renew(self) -> None:
        return None


async def test_a_stores_page_is_named_and_the_pass_goes_on(
    database: Database, index: SearchIndex, knowledge: Knowledge, shop_id: UUID
) -> None:
    store = StoreConnection(
        shop_id=shop_id, id=new_id(), platform="woocommerce", name="Fern", settings={}, state="active",
        sync_state="new", synced_at=None, full_synced_at=None, next_sync_at=None, every_s=3600, problem=None, result={},
        created_at=datetime.now(UTC),
    )  # fmt: skip
    platform: Any = TwoPages()
    job: Any = Watched()
    reading = StorePass(database, Catalog(database, index), knowledge, store, job, full=True)
    await reading.run(platform, "https://aisle.example")
    assert [(item.id, item.reason) for item in reading.result.failed] == [("far", REASON)]
    assert reading.result.pages == 2
    assert [document.title for document in await knowledge.list_documents(shop_id, "", 10)] == ["near"]


def test_an_address_is_as_long_as_it_is_written() -> None:
    assert canonical_url(LONGEST) == LONGEST
    assert canonical_url(TOO_LONG) is None
    assert canonical_url(START + "ü" * 400) is None, "each is six characters once it is encoded"
    assert canonical_url("b" * 100, LONGEST.removesuffix("a") + "/") is None
    assert page_links(START, links(LONGEST, TOO_LONG, "/near")) == [LONGEST, f"{START}near"]


async def test_a_crawl_names_the_page_that_leads_to_a_long_address() -> None:
    site = Site()
    far = "/far?" + "b" * MAX_URL_CHARS
    site.pages = {"/": links("/far", "/near"), "/far": (302, {"Location": far}, b""), far: b"<p>x", "/near": b"<p>y"}
    async with running(site) as egress:
        found = await read(site, egress)
        lost = await read(site, egress, "/" + "c" * MAX_URL_CHARS)
    assert paths(found, site) == ["/", "/near"]
    [(path, reason)] = reasons(found, site).items()
    assert path == "/far"
    assert reason.endswith("which is not a web address of at most 2,048 characters")
    [reason] = reasons(lost, site).values()
    assert reason.startswith("is not a web address of at most 2,048 characters; write it like https://")
