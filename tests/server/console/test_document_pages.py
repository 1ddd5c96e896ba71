"""The pages of documents: written, uploaded, read as text, edited, deleted, and those of another shop not there."""

import re
import uuid

import httpx
import pytest

from server.core.ids import parse_id
from server.knowledge.library.models import DocumentQuery
from server.knowledge.library.text import join_passages, sections_of, text_of
from server.knowledge.parsing.documents import Section
from server.knowledge.parsing.outline import MAX_HEADING_CHARS
from tests.server.console.house import KnownThings, ShopUnderTest

pytestmark = pytest.mark.enable_socket

LIST = "/console/knowledge/documents"
PAGE = "/console/knowledge/document"
RETURNS = "You may send things back.\n\n# Costs\n\nReturns are free.\n\n## Abroad\n\nYou pay <b>5 EUR</b>."


async def write(client: httpx.AsyncClient, shop: ShopUnderTest, title: str = "Returns", text: str = RETURNS) -> str:
    """Add a text by the form; its external id."""
    data = {"title": title, "text": text, "url": "https://fern.example/returns"}
    made = await client.post(f"{LIST}/text", data=data, headers=shop.owner.form)
    assert made.status_code == 303, made.text
    found = re.search(r"id=([^&]+)", made.headers["location"])
    assert found
    return found[1]


async def test_a_text_is_added_read_and_edited(
    client: httpx.AsyncClient, shop: ShopUnderTest, known: KnownThings
) -> None:
    external_id = await write(client, shop)
    address = {"id": external_id}
    page = (await client.get(PAGE, params=address, headers=shop.viewer.headers)).text
    assert "<h3>Costs › Abroad</h3>" in page
    assert "You pay &lt;b&gt;5 EUR&lt;/b&gt;." in page
    assert "<textarea" not in page, "a viewer changes nothing"
    assert RETURNS.replace("<", "&lt;").replace(">", "&gt;") in (
        await client.get(PAGE, params=address, headers=shop.owner.headers)
    ).text.replace("&#34;", '"')
    new = {"title": "Sending back", "text": RETURNS.replace("5 EUR", "7 EUR"), "url": ""}
    assert (await client.post(PAGE, params=address, data=new, headers=shop.owner.form)).status_code == 303
    after = await known.library.get(shop.id, external_id)
    assert after.item.title == "Sending back"
    assert after.item.source == "api"
    assert "7 EUR" in after.sections[2].text
    assert [each.id for each in await known.library.search(shop.id, DocumentQuery(text="sending"))] == [external_id]
    wrong = {"title": "", "text": "# Only a heading", "url": "x"}
    refused = await client.post(PAGE, params=address, data=wrong, headers=shop.owner.form)
    assert refused.status_code == 422
    for words in ("1 to 500 characters", "write more than headings", "must be a web address"):
        assert words.lower() in refused.text.lower()


@pytest.mark.parametrize(
    "sections",
    [
        (Section((), "Plain."),),
        (Section((), "Before.\n\nTwo."), Section(("A",), "One\n- two\n- three"), Section(("A", "B"), "Deep.")),
        (Section(("A", "B"), "Deep."), Section(("A",), "Back."), Section(("C",), "Next.", "#c")),
    ],
)
def test_a_text_that_is_not_changed_gives_the_same_sections(sections: tuple[Section, ...]) -> None:
    assert sections_of(text_of(sections), sections) == sections


@pytest.mark.parametrize(
    ("line", "heading"),
    [("# Costs ##", "Costs"), ("# C#", "C#"), ("# #", "#"), ("# Costs \t", "Costs"), ("#Costs", "")],
)
def test_a_heading_ends_before_the_signs_that_close_it(line: str, heading: str) -> None:
    path = (heading,) if heading else ()
    assert sections_of(f"{line}\nFree.")[0].heading_path == path


@pytest.mark.parametrize("filling", [" ", "#", " #"])
def test_a_long_line_is_read_in_one_pass(filling: str) -> None:
    line = f"# a{filling * 200_000}b"
    assert sections_of(f"{line}\nFree.") == (Section((line[2:][:MAX_HEADING_CHARS],), "Free."),)


def test_a_large_text_is_joined_in_one_pass() -> None:
    passages: list[tuple[tuple[str, ...], str, str | None]] = [((), "x" * 1_000, None)] * 20_000
    assert len(join_passages(passages)[0].text) == 20_000 * 1_002 - 2


def test_passages_of_one_place_are_one_section() -> None:
    passages = [(("A",), "One.", "https://x/#a"), (("A",), "Two.", "https://x/#a"), (("B",), "Three.", None)]
    assert join_passages(passages) == (Section(("A",), "One.\n\nTwo.", "#a"), Section(("B",), "Three."))


async def test_documents_are_listed_found_and_deleted(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    ids = [await write(client, shop, f"Text {number}", f"Words of number {number}.") for number in range(3)]
    listed = (await client.get(LIST, headers=shop.owner.headers)).text
    assert listed.count('class="row item') == 3
    assert (await client.get(LIST, params={"q": "text 1"}, headers=shop.owner.headers)).text.count("row item") == 1
    assert "Text 1" not in (await client.get(LIST, headers=other.owner.headers)).text
    await client.post(LIST, data={"id": ids}, headers=other.owner.form)
    assert (await client.post(LIST, data={"id": ids}, headers=shop.agent.form)).status_code == 403
    assert (await client.get(LIST, headers=shop.owner.headers)).text.count('class="row item') == 3
    gone = await client.post(LIST, data={"id": ids[:2]}, headers=shop.owner.form)
    page = (await client.get(gone.headers["location"], headers=shop.owner.headers)).text
    assert "2 documents are deleted." in page
    assert page.count('class="row item') == 1


async def test_another_shops_documents_sites_and_uploads_are_not_there(
    client: httpx.AsyncClient, shop: ShopUnderTest, other: ShopUnderTest
) -> None:
    external_id = await write(client, shop)
    address = {"id": external_id}
    form = {"title": "Mine", "text": "Taken over."}
    files = {"file": ("a.md", "# A", "text/markdown")}
    sent = await client.post(f"{LIST}/upload", files=files, headers=shop.owner.form)
    site = await client.post(f"{LIST}/site", data={"address": "fern.example"}, headers=shop.owner.form)
    async with shop.database.connection(shop.id) as connection:
        site_id = await connection.fetchval("SELECT id FROM knowledge_source WHERE shop_id = $1", shop.id)
    theirs = other.owner
    for answer in (
        await client.get(PAGE, params=address, headers=theirs.headers),
        await client.post(PAGE, params=address, data=form, headers=theirs.form),
        await client.post(f"{PAGE}/replace", params=address, files=files, headers=theirs.form),
        await client.get(sent.headers["location"], headers=theirs.headers),
        await client.get(site.headers["location"], headers=theirs.headers),
        await client.post(f"{LIST}/sites/{site_id}", data={"action": "read"}, headers=theirs.form),
        await client.post(f"{LIST}/sites/{site_id}", data={"action": "remove"}, headers=theirs.form),
        await client.get(f"{LIST}/uploads/{uuid.uuid4()}", headers=shop.owner.headers),
        await client.get(PAGE, params={"id": "a\x00b"}, headers=shop.owner.headers),
    ):
        assert answer.status_code == 404
    for path in ("upload", "text", "site", f"sites/{site_id}"):
        assert (await client.post(f"{LIST}/{path}", headers=shop.agent.form)).status_code == 403, path
        assert (await client.post(f"{LIST}/{path}", headers=shop.owner.headers)).status_code == 403, path


async def test_a_site_is_added_changed_and_removed(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    wrong = {"address": "not an address", "reach": "site", "max_pages": "9999"}
    refused = await client.post(f"{LIST}/site", data=wrong, headers=shop.owner.form)
    assert refused.status_code == 422
    assert "Must be a web address" in refused.text
    assert "Must be 1 to 5,000." in refused.text
    page = {"address": "https://fern.example/faq", "reach": "page", "max_pages": ""}
    assert (await client.post(f"{LIST}/site", data=page, headers=shop.owner.form)).status_code == 303
    listed = (await client.get(LIST, headers=shop.owner.headers)).text
    assert "https://fern.example/faq" in listed
    assert "One page" in listed
    found = re.search(r"sites/([0-9a-f-]{36})", listed)
    assert found
    assert parse_id(found[1])
    change = {"action": "pages", "max_pages": "30"}
    assert (await client.post(f"{LIST}/sites/{found[1]}", data=change, headers=shop.owner.form)).status_code == 303
    assert "At most 30 pages" in (await client.get(LIST, headers=shop.owner.headers)).text
    odd = {"action": "pages", "max_pages": "0"}
    assert (await client.post(f"{LIST}/sites/{found[1]}", data=odd, headers=shop.owner.form)).status_code == 422
    await client.post(f"{LIST}/sites/{found[1]}", data={"action": "remove"}, headers=shop.owner.form)
    assert "fern.example/faq" not in (await client.get(LIST, headers=shop.owner.headers)).text


async def test_files_that_are_sent_together_have_one_page(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    files = [("file", (f"{name}.md", f"# {name}", "text/markdown")) for name in ("one", "two")]
    sent = await client.post(f"{LIST}/upload", files=files, headers=shop.owner.form)
    more = [("file", ("three.md", "# three", "text/markdown"))]
    batch = sent.headers["location"].rpartition("/")[2]
    await client.post(f"{LIST}/upload", params={"batch": batch}, files=more, headers=shop.owner.form)
    page = (await client.get(sent.headers["location"], headers=shop.owner.headers)).text
    assert "0 of 3 files are done." in page
    assert page.index("one.md") < page.index("two.md") < page.index("three.md")
    large = [("file", ("large.md", b"x" * (10 * 2**20 + 1), "text/markdown"))]
    refused = await client.post(f"{LIST}/upload", files=large, headers=shop.owner.form)
    assert refused.status_code == 422
    assert "large.md is larger than 10 MB" in refused.text


async def test_a_viewer_cannot_try_a_question(client: httpx.AsyncClient, shop: ShopUnderTest) -> None:
    page = await client.get("/console/knowledge/try", headers=shop.viewer.headers)
    assert page.status_code == 200
    assert "<textarea" not in page.text
    asked = {"question": "How long?"}
    assert (await client.post("/console/knowledge/try", data=asked, headers=shop.viewer.form)).status_code == 403
    assert (await client.post("/console/knowledge/try", data=asked, headers=shop.owner.headers)).status_code == 403
    empty = await client.post("/console/knowledge/try", data={"question": " "}, headers=shop.agent.form)
    assert empty.status_code == 422
