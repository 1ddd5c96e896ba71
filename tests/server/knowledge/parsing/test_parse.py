"""Documents of every type: titles, headings, anchors and text as a reader sees them."""

import hashlib
import io
import json
from collections.abc import Callable
from itertools import pairwise

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.knowledge.parsing import (
    ParsedDocument,
    Section,
    UnreadableFile,
    parse_document,
    split_document,
    split_sections,
)
from server.knowledge.parsing.documents import PARSER_VERSION
from server.knowledge.parsing.kinds import detect_kind
from server.knowledge.parsing.outline import title_from_name
from server.knowledge.parsing.pdf import paragraphs
from server.knowledge.parsing.splitting import estimate_tokens


def one(data: bytes | str, name: str) -> ParsedDocument:
    documents = parse_document(data.encode() if isinstance(data, str) else data, name)
    assert len(documents) == 1
    return documents[0]


def test_markdown() -> None:
    text = """---
title: Shipping at Kern
url: https://shop.example/shipping
---
# Shipping

We ship **daily**. See [the table](#x) or ![map](m.png).

## Costs & times

| Zone | Price | Days |
|------|-------|------|
| EU   | 4,90 € | 3 |
| US   | 9,90 € | 7 |

### Express {#fast}

1. Order by noon
2. Pay
   - by card
   - by invoice

> Never on Sundays.

```
CODE 10
```
"""
    document = one(text, "shipping_policy.md")
    assert (document.title, document.url) == ("Shipping at Kern", "https://shop.example/shipping")
    assert document.sections == (
        Section((), "We ship daily. See the table or map.", "#shipping"),
        Section(
            ("Costs & times",),
            "Zone: EU; Price: 4,90 €; Days: 3\nZone: US; Price: 9,90 €; Days: 7",
            "#costs--times",
        ),
        Section(
            ("Costs & times", "Express"),
            "1. Order by noon\n2. Pay\n- by card\n- by invoice\n\nNever on Sundays.\n\nCODE 10",
            "#fast",
        ),
    )


def test_html_keeps_the_content_and_drops_the_site_around_it() -> None:
    page = """<!doctype html><html><head><title>Returns | Acme</title><link rel="canonical" href="https://a.example/r">
    <style>p{}</style><script>alert("x")</script></head><body>
    <header><a>Logo</a></header><nav>Home Shop Cart</nav><div class="cookie-banner"><p>We use cookies</p></div>
    <main><div class="breadcrumbs">Home / Help</div><h1>Returns</h1>
    <p>You have <b>30</b>&nbsp;days
       to send it back.</p><section id="refunds"><h2>Refunds</h2><p>Within a week.<br>To your card.</p>
    <ul><li>Unused</li><li>In its <i>box</i></li></ul></section>
    <h3 id="costs">Who pays</h3><table><tr><th>Country</th><th>Cost</th></tr><tr><td>DE</td><td>free</td></tr></table>
    <details><summary>Can I swap?</summary><p>Yes, once.</p></details>
    <p hidden>Hidden words</p><p aria-hidden="true">Unspoken</p><!-- remark --></main>
    <aside>Related products</aside><footer>Imprint</footer></body></html>"""
    document = one(page, "returns.html")
    assert (document.title, document.url) == ("Returns", "https://a.example/r")
    assert document.sections == (
        Section((), "You have 30 days to send it back.", None),
        Section(("Refunds",), "Within a week.\nTo your card.\n- Unused\n- In its box", "#refunds"),
        Section(("Refunds", "Who pays"), "Country: DE; Cost: free", "#costs"),
        Section(("Refunds", "Who pays", "Can I swap?"), "Yes, once.", None),
    )


def test_html_inside_a_form_and_without_main() -> None:
    document = one("<html><body><form><h1>Help</h1><p>Call us.</p><input value=x></form></body></html>", "h.html")
    assert document.sections == (Section((), "Call us.", None),)
    with pytest.raises(UnreadableFile, match="built by a script"):
        parse_document(b"<html><body><div id=root></div><script>x</script><nav>Menu</nav></body></html>", "h.html")


def test_html_in_an_old_encoding() -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Доставка</p></body></html>'.encode("cp1251")
    assert one(page, "x.html").sections[0].text == "Доставка"


def test_plain_text_with_headings() -> None:
    text = "Care guide\n==========\n\nWash cold.\n\nDRYING\n\nHang it up,\nin the shade.\n\n2.1 Ironing\n\nNever.\n"
    assert one(text, "care.txt") == ParsedDocument(
        title="Care guide",
        sections=(
            Section((), "Wash cold."),
            Section(("DRYING",), "Hang it up,\nin the shade."),
            Section(("DRYING", "2.1 Ironing"), "Never."),
        ),
    )


def make_pdf(*pages: str, title: str = "") -> bytes:
    """A PDF of our own making, one line of text each 14 points."""
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    kids = []
    for text in pages:
        lines = " ".join(f"({line}) Tj 0 -14 Td" for line in text.split("\n"))
        stream = f"BT /F1 12 Tf 50 700 Td {lines} ET".encode()
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        resources = b"/Resources << /Font << /F1 3 0 R >> >>"
        contents = b"/Contents %d 0 R" % len(objects)
        objects.append(b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] " + resources + b" " + contents + b" >>")
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [" + b" ".join(kids) + b"] /Count %d >>" % len(kids)
    objects.append(b"<< /Title (" + title.encode() + b") >>")
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table
    out += b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        len(objects),
        start,
    )
    return bytes(out)


def test_pdf_pages_are_anchors() -> None:
    document = one(make_pdf("Warranty lasts\ntwo years.", "", "Page three.", title="Warranty terms"), "w.pdf")
    assert document.title == "Warranty terms"
    assert [(section.anchor, section.text) for section in document.sections] == [
        ("#page=1", "Warranty lasts two years."),
        ("#page=3", "Page three."),
    ]
    assert one(make_pdf("A.", title="Microsoft Word - x.docx"), "size_chart.pdf").title == "Size chart"


def test_pdf_lines_become_paragraphs() -> None:
    text = (
        "Goods may be re\ufffe\r\nturned within thirty days after they\r\narrive.\r\nA new sentence.\r\n- one\r\n- two"
    )
    assert (
        paragraphs(text) == "Goods may be returned within thirty days after they arrive.\nA new sentence.\n- one\n- two"
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [(make_pdf(""), "no text; run text recognition"), (b"%PDF-1.4\nbroken", "damaged")],
)
def test_pdfs_that_cannot_be_read(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse_document(data, "x.pdf")


def make_docx(build: Callable[["docx.document.Document"], None]) -> bytes:
    document = docx.Document()
    build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_docx() -> None:
    def build(document: "docx.document.Document") -> None:
        document.add_paragraph("Gift cards", style="Title")
        document.add_paragraph("They never expire.")
        document.add_heading("Amounts", 1)
        document.add_paragraph("From 10", style="List Bullet")
        document.add_paragraph("To 200", style="List Bullet")
        table = document.add_table(2, 2)
        for cell, text in zip(table._cells, ["Design", "Price", "Flowers", "10 €"], strict=True):
            cell.text = text
        document.add_heading("By post", 2)
        document.add_paragraph("Takes 3 days.")

    document = one(make_docx(build), "gift.docx")
    assert document.title == "Gift cards"
    assert document.sections == (
        Section((), "They never expire."),
        Section(("Amounts",), "- From 10\n- To 200\n\nDesign: Flowers; Price: 10 €"),
        Section(("Amounts", "By post"), "Takes 3 days."),
    )


def make_xlsx(**sheets: list[list[object]]) -> bytes:
    """A minimal workbook with inline strings."""
    import zipfile
    from xml.sax.saxutils import escape

    def cell(value: object) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        names = list(enumerate(sheets, 1))
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{sheet_type}.worksheet+xml"/>'
            for n, _ in names
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" '
            f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
            f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{sheet_type}.sheet.main+xml"/>{overrides}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
            f'Target="xl/workbook.xml"/></Relationships>',
        )
        tags = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in names)
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{tags}</sheets></workbook>'
        )
        targets = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in names
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{targets}</Relationships>'
        )
        for number, (_, rows) in enumerate(sheets.items(), 1):
            data = "".join(f"<row>{''.join(cell(value) for value in row)}</row>" for row in rows)
            archive.writestr(
                f"xl/worksheets/sheet{number}.xml",
                f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>',
            )
    return out.getvalue()


def test_xlsx_rows_read_alone() -> None:
    book = make_xlsx(
        Sizes=[["Size", "Chest cm"], ["S", 88], ["M", 96.5]], Empty=[], Care=[["What", "How"], ["Wool", "cold"]]
    )
    assert one(book, "size_chart.xlsx") == ParsedDocument(
        title="Size chart",
        sections=(
            Section(("Sizes",), "Size: S\nChest cm: 88"),
            Section(("Sizes",), "Size: M\nChest cm: 96.5"),
            Section(("Care",), "What: Wool\nHow: cold"),
        ),
    )


def test_questions_in_any_table_or_list_become_sections() -> None:
    wanted = (Section(("Do you ship abroad?",), "Yes, to 30 countries."), Section(("Is it vegan?",), "No."))
    pairs = [("Do you ship abroad?", "Yes, to 30 countries."), ("Is it vegan?", "No.")]
    files = {
        "faq.csv": "Question,Answer\n" + "".join(f'{q},"{a}"\n' for q, a in pairs),
        "faq.json": json.dumps([{"question": q, "answer": a} for q, a in pairs]),
        "faq.jsonl": "\n".join(json.dumps({"q": q, "a": a}) for q, a in pairs),
        "faq.yaml": "faqs:\n" + "".join(f"  - question: {q}\n    answer: {a}\n" for q, a in pairs),
    }
    for name, text in files.items():
        assert one(text, name) == ParsedDocument(title="Faq", sections=wanted), name
    assert one(make_xlsx(F=[["question", "answer"], *map(list, pairs)]), "faq.xlsx").sections == wanted


def test_a_list_of_texts_gives_a_document_each() -> None:
    entries = [
        {"id": "r1", "title": "Returns", "content": "## Window\n\n30 days.", "url": "https://s.example/r"},
        {"id": "s1", "title": "Shipping", "content": "<p>Fast.</p><ul><li>DHL</li></ul>"},
    ]
    documents = parse_document(json.dumps({"documents": entries}).encode(), "kb.json")
    assert [(document.key, document.title, document.url) for document in documents] == [
        ("r1", "Returns", "https://s.example/r"),
        ("s1", "Shipping", None),
    ]
    assert documents[0].sections == (Section(("Window",), "30 days.", "#window"),)
    assert documents[1].sections == (Section((), "Fast.\n- DHL"),)


def test_other_json_and_yaml_read_as_names_and_values() -> None:
    document = one("shop: Kern\nhours:\n  monday: 9-18\n  sunday: closed\nphones: [1, 2]\n", "contact.yml")
    assert document.sections == (
        Section((), "shop: Kern\nphones: 1, 2"),
        Section(("hours",), "monday: 9-18\nsunday: closed"),
    )


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7", "x.txt", "pdf"),
        (b"<!DOCTYPE html><p>", "x.txt", "html"),
        (b"\xef\xbb\xbf  <html>", "x", "html"),
        (b"# Title\n\ntext", "x", "markdown"),
        (b"plain words", "x", "text"),
        (b'[{"a":1}]', "x", "json"),
        (b'{"a":1}\n{"a":2}\n', "x", "jsonl"),
        (b"a,b\n1,2\n", "x.csv", "csv"),
        (b"a: 1", "x.YAML", "yaml"),
        (b"[note] words", "x.txt", "text"),
        (make_xlsx(A=[["x"]]), "x.docx", "xlsx"),
    ],
)
def test_the_content_says_what_a_file_is(data: bytes, name: str, kind: str) -> None:
    assert detect_kind(data, name) == kind


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "a.md", "empty"),
        (b" \n", "a.txt", "empty"),
        (bytes(range(256)) * 9, "a.bin", "unknown type"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 99, "a.doc", "old or protected Office"),
        (b"PK\x03\x04broken", "a.docx", "damaged"),
        (b"PK broken", "a.docx", "named .docx but is not such a file"),
        (b"\0\1\xff rest of a file", "a.PDF", "named .pdf but is not such a file"),
        (b"504 Gateway Time-out", "a.xlsx", "named .xlsx but is not such a file"),
        (b"{not json", "a.json", "not valid JSON"),
        (b"words", "a.json", "no JSON object"),
        (b"a: [1, 2", "a.yaml", "not valid YAML: see line"),
        (b"[" * 5_000, "a.json", "not valid JSON|nests"),
        (b"a: " + b"[" * 3_000 + b"]" * 3_000, "a.yaml", "nests"),
        (b"# Only a heading\n", "a.md", "no text"),
        (b"x" * (10 * 2**20 + 1), "a.txt", "larger than 10 MB"),
        (b"\x1f\x8bbroken", "a.md.gz", "gzip file is damaged"),
        (b"one\n", "a.csv", "not a product list|header"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse_document(data, name)


def test_file_names_become_titles() -> None:
    assert title_from_name("/tmp/x/shipping_and-returns.md.gz") == "Shipping and returns"
    assert title_from_name("..\\..\\\u202eevil.txt") == "Evil"
    assert title_from_name("") == "Untitled"


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [b"", b"%PDF-1.4\n", b"<html><body>", b"# x\n", b'[{"question":"', b"a: &a [*a, ", b"PK\x03\x04", b"\x1f\x8b"]
    ),
    st.sampled_from(["a.md", "a.txt", "a.html", "a.csv", "a.json", "a.yaml", "a"]),
)
def test_any_bytes_are_read_or_refused_in_one_sentence(data: bytes, start: bytes, name: str) -> None:
    told = _told(start + data, name)
    assert told
    assert all(told)
    assert not any("\0" in text for text in told)


def _told(data: bytes, name: str) -> list[str]:
    """The texts of a file, or the reason why there are none."""
    try:
        documents = parse_document(data, name)
    except UnreadableFile as refused:
        return [str(refused)]
    return [section.text for document in documents for section in document.sections]


WORDS = st.text("abcdefg hij\n", min_size=1, max_size=200)
SENTENCES = st.lists(WORDS.map(lambda words: " ".join(words.split()).capitalize() + "."), min_size=1, max_size=30)


@given(st.lists(st.tuples(st.sampled_from(["A", "B"]), SENTENCES), min_size=1, max_size=8))
def test_passages_keep_every_word_in_order_and_stay_small(parts: list[tuple[str, list[str]]]) -> None:
    sections = tuple(Section((heading,), " ".join(sentences)) for heading, sentences in parts)
    document = ParsedDocument(title="T", sections=sections)
    passages = split_sections(document, 60)
    written = " ".join(section.text for section in sections).split()
    assert " ".join(passage.text for passage in passages).split() == written
    assert all(estimate_tokens(passage.text) <= 60 for passage in passages)
    assert [passage.position for passage in passages] == list(range(len(passages)))


def test_sentences_stay_whole_and_neighbours_of_one_heading_come_together() -> None:
    sentence = "Goods may be sent back within thirty days after they have arrived at your home."
    document = ParsedDocument(title="T", sections=(Section(("Long",), " ".join([sentence] * 40)),))
    passages = split_sections(document)
    assert len(passages) > 1
    assert all(passage.text.endswith("home.") for passage in passages)
    assert all(estimate_tokens(passage.text) > 120 for passage in passages[:-1])
    rows = (*(Section(("Sizes",), f"Size: {size}") for size in range(12)), Section(("Other",), "End."))
    merged = split_sections(ParsedDocument(title="T", sections=rows))
    assert [passage.heading_path for passage in merged] == [("Sizes",), ("Other",)]


@pytest.mark.parametrize(("words", "passages"), [((30, 30), 1), ((30, 31), 2), ((31, 30), 2), ((20, 20, 20, 1), 2)])
def test_neighbours_come_together_up_to_the_limit(words: tuple[int, ...], passages: int) -> None:
    sections = tuple(Section(("Sizes",), " ".join(["one"] * count)) for count in words)
    assert len(split_sections(ParsedDocument(title="T", sections=sections), 60)) == passages


def test_what_is_too_long_for_one_passage_takes_no_neighbour_in() -> None:
    sentence = "One two one two one two one two one two."
    sections = (Section(("Sizes",), " ".join([sentence] * 7)), Section(("Sizes",), "Three."))
    passages = split_sections(ParsedDocument(title="T", sections=sections), 60)
    assert [passage.text.count(sentence) for passage in passages] == [5, 2, 0]


def test_token_estimates_grow_with_letters_and_count_chinese_in_full() -> None:
    assert estimate_tokens("退货政策三十天") == 7
    assert all(estimate_tokens(a) < estimate_tokens(b) for a, b in pairwise(["one", "one two", "one two threefold"]))


READ_BY_VERSION = {1: "474e5bc7e03b8847", 2: "e462b3d051e2f260"}
"""What SAMPLES are read as, by PARSER_VERSION: keep the old lines, add one for a new version."""
SAMPLES = {
    "a.md": "# Returns\n\nWithin *30* days.\n\n## How\n\n- Pack it\n- Send it\n\n| A | B |\n|---|---|\n| 1 | 2 |\n",
    "a.html": "<html><body><main><h1>Returns</h1><p>Within <b>30</b> days.<ul><li>Pack it<li>Send it</ul></main>",
    "a.txt": "RETURNS\n\nWithin 30 days.\n\n1.1 How\n\nPack it. Send it. " + "A sentence of many words. " * 60,
    "a.json": '[{"question": "How long?", "answer": "Within 30 days."}, {"question": "How?", "answer": "Pack it."}]',
    "a.csv": "question,answer\nHow long?,Within 30 days.\nHow?,Pack it and send it.\n",
    "b.md": "# Refunds\n\nWithin ~~30~~ 5 days.\n",
    "b.html": "<html><body><h1>Refunds</h1><p>Within <del>30</del> 5 days.<table><tr><td colspan=2>Fees<tr><th>A<th>B"
    "<tr><td rowspan=2>1<td>2<tr><td>3</table></body></html>",
}


def test_files_read_differently_are_another_version() -> None:
    """When this fails, files that have not changed would keep what the old way of reading made of them: count
    PARSER_VERSION up."""
    digest = hashlib.sha256()
    for name, text in SAMPLES.items():
        digest.update(repr([split_document(each) for each in parse_document(text.encode(), name)]).encode())
    assert READ_BY_VERSION[PARSER_VERSION] == digest.hexdigest()[:16]
