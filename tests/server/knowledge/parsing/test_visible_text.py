"""Documents as people see them: what was struck or deleted is not read, what is in boxes, notes and columns is."""

import io
import random
import zipfile
from collections.abc import Callable, Iterable, Sequence
from email.message import EmailMessage
from xml.sax.saxutils import escape

import docx
import pytest
from docx.oxml import parse_xml

from server.knowledge.parsing import ParsedDocument, Section, UnreadableFile, parse_document

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def one(data: bytes, name: str) -> ParsedDocument:
    (document,) = parse_document(data, name)
    return document


def text_of(data: bytes, name: str) -> str:
    return "\n".join(section.text for section in one(data, name).sections)


def zipped(parts: dict[str, str]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def word(*blocks: str, build: Callable[["docx.document.Document"], None] | None = None) -> bytes:
    """A Word file with these blocks of XML in its body."""
    document = docx.Document()
    body = document.element.body
    for block in blocks:
        body.insert(len(body) - 1, parse_xml(block.replace(">", f" {W} {MC}>", 1)))
    if build:
        build(document)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def run(text: str, about: str = "") -> str:
    return f'<w:r>{f"<w:rPr>{about}</w:rPr>" if about else ""}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(*runs: str, about: str = "") -> str:
    return f"<w:p>{f'<w:pPr>{about}</w:pPr>' if about else ''}{''.join(runs)}</w:p>"


TRACK = 'w:id="1" w:author="A" w:date="2026-01-01T00:00:00Z"'


def inserted(text: str) -> str:
    return f"<w:ins {TRACK}>{run(text)}</w:ins>"


def deleted(text: str) -> str:
    return f"<w:del {TRACK}><w:r><w:delText>{escape(text)}</w:delText></w:r></w:del>"


@pytest.mark.parametrize(
    ("runs", "wanted"),
    [
        (
            [run("Within "), deleted("14 days"), inserted("45 days"), run(" of delivery.")],
            "Within 45 days of delivery.",
        ),
        ([inserted("All new.")], "All new."),
        ([f"<w:moveTo {TRACK}>{run('Moved here.')}</w:moveTo>"], "Moved here."),
        ([run("Kept."), f"<w:moveFrom {TRACK}>{run(' Moved away.')}</w:moveFrom>"], "Kept."),
        ([f"<w:ins {TRACK}><w:hyperlink>{run('A link')}</w:hyperlink></w:ins>", run(" here.")], "A link here."),
        ([run("Was "), run("30", "<w:strike/>"), run("5 days.")], "Was 5 days."),
        ([run("Twice"), run(" gone", "<w:dstrike/>"), run(" here", '<w:strike w:val="0"/>')], "Twice here"),
        ([run("Seen"), run(" unseen", "<w:vanish/>")], "Seen"),
        (
            [f"<w:sdt><w:sdtPr/><w:sdtContent>{run('From a control')}</w:sdtContent></w:sdt>", run(".")],
            "From a control.",
        ),
        ([run("One"), "<w:r><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r>"], "One two\nthree"),
        ([run("A"), "<w:r><w:noBreakHyphen/></w:r>", run("B")], "A-B"),
        ([f"<w:smartTag w:element='x'>{run('Smart')}</w:smartTag>"], "Smart"),
        ([f"<w:fldSimple w:instr='REF x'>{run('Field')}</w:fldSimple>"], "Field"),
        (["<w:r><w:instrText>PAGE</w:instrText></w:r>", run("Only this.")], "Only this."),
    ],
)
def test_word_reads_what_a_reader_sees(runs: list[str], wanted: str) -> None:
    assert text_of(word(paragraph(*runs)), "a.docx") == wanted


@pytest.mark.parametrize("seed", range(8))
def test_tracked_changes_of_any_order(seed: int) -> None:
    chance = random.Random(seed)
    runs, kept = [], []
    for number in range(30):
        made, is_kept = chance.choice([(run, True), (inserted, True), (deleted, False)])
        runs.append(made(f"w{number} "))
        kept += [f"w{number}"] if is_kept else []
    assert text_of(word(paragraph(*runs)), "a.docx").split() == kept


def test_word_blocks_in_controls_boxes_and_deleted_ends() -> None:
    box = (
        "<w:p><w:r><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing><w:txbxContent>"
        f"{paragraph(run('In a box.'))}</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><w:txbxContent>"
        f"{paragraph(run('In a box.'))}</w:txbxContent></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    data = word(
        f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph(run('A whole paragraph.'))}</w:sdtContent></w:sdt>",
        f"<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{paragraph(run('Click'))}</w:sdtContent></w:sdt>",
        box,
        paragraph(run("Two "), about=f"<w:rPr><w:del {TRACK}/></w:rPr>"),
        paragraph(run("halves.")),
    )
    assert text_of(data, "a.docx") == "A whole paragraph.\n\nIn a box.\n\nTwo halves."


def test_word_tables_with_changes_and_merged_cells() -> None:
    def cell(text: str, about: str = "") -> str:
        return f"<w:tc><w:tcPr>{about}</w:tcPr>{paragraph(run(text)) if text else '<w:p/>'}</w:tc>"

    rows = [
        cell("Charges 2026", '<w:gridSpan w:val="3"/>'),
        cell("Zone") + cell("Country") + cell("Price"),
        cell("1", '<w:vMerge w:val="restart"/>') + cell("Germany") + cell("4.90"),
        cell("", "<w:vMerge/>") + cell("Austria") + cell("8.90"),
    ]
    gone = f"<w:tr><w:trPr><w:del {TRACK}/></w:trPr>{cell('9')}{cell('Gone')}{cell('1.00')}</w:tr>"
    table = f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}{gone}</w:tbl>"
    assert text_of(word(table), "a.docx") == (
        "Charges 2026\nZone: 1; Country: Germany; Price: 4.90\nZone: 1; Country: Austria; Price: 8.90"
    )


def test_word_notes_and_headers_that_say_something() -> None:
    note = f'<w:r><w:footnoteReference {W} w:id="2"/></w:r>'
    data = word(
        paragraph(run("Returns within 30 days"), note, run(".")),
        build=lambda document: setattr(
            document.sections[0].header.paragraphs[0], "text", "Valid for orders since 1 March 2026"
        ),
    )
    parts = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(parts, "w") as after:
        for entry in before.infolist():
            content = before.read(entry)
            if entry.filename == "word/_rels/document.xml.rels":
                relation = (
                    b'<Relationship Id="rIdN" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
                    b'relationships/footnotes" Target="footnotes.xml"/></Relationships>'
                )
                content = content.replace(b"</Relationships>", relation)
            if entry.filename == "[Content_Types].xml":
                override = (
                    b'<Override PartName="/word/footnotes.xml" ContentType="application/vnd.openxmlformats-'
                    b'officedocument.wordprocessingml.footnotes+xml"/></Types>'
                )
                content = content.replace(b"</Types>", override)
            after.writestr(entry, content)
        separator = f'<w:footnote w:type="separator" w:id="0">{paragraph(run("---"))}</w:footnote>'
        notes = f'{separator}<w:footnote w:id="2">{paragraph(run("Sale items: 14 days."))}</w:footnote>'
        after.writestr("word/footnotes.xml", f"<w:footnotes {W}>{notes}</w:footnotes>")
    assert text_of(parts.getvalue(), "a.docx") == (
        "Returns within 30 days*.\n* Sale items: 14 days.\nValid for orders since 1 March 2026"
    )


@pytest.mark.parametrize(
    "struck",
    [
        "<del>30 days</del>",
        "<s>30 days</s>",
        "<strike>30 days</strike>",
        '<span style="text-decoration: line-through">30 days</span>',
        '<span style="color:red;text-decoration-line:line-through">30 days</span>',
        '<span class="text-red line-through">30 days</span>',
        '<span style="display:none">30 days</span>',
        "<del><b>30</b> <i>days</i></del>",
    ],
)
@pytest.mark.parametrize(
    "around",
    [
        "<p>Refunds take {} 5 days.</p>",
        "<ul><li>Refunds take {} 5 days.</ul>",
        "<h2>Refunds take {} 5 days</h2><p>x</p>",
        "<table><tr><th>Refunds<th>Days<tr><td>all<td>{} 5 days</table>",
    ],
)
def test_struck_text_of_pages_is_not_read(struck: str, around: str) -> None:
    page = f"<html><body><main>{around.format(struck)}<ins>New.</ins></main></body></html>"
    document = one(page.encode(), "a.html")
    whole = str(document.sections)
    assert "30" not in whole
    assert "5 days" in whole
    assert "New." in whole


def test_struck_text_of_markdown_is_not_read() -> None:
    assert text_of(b"Refunds take ~~30~~ 5 days, ~~**never** more~~ at most.\n", "a.md") == (
        "Refunds take 5 days, at most."
    )


def test_html_cells_over_several_rows_and_columns() -> None:
    page = (
        "<table><tr><td colspan=3>Charges<tr><th>Zone<th>Country<th>Price<tr><td rowspan=2>1<td>Germany<td>4.90"
        "<tr><td>Austria<td>8.90<tr><td>2<td colspan=2>not served</table>"
    )
    assert text_of(f"<html><body>{page}</body></html>".encode(), "a.html") == (
        "Charges\nZone: 1; Country: Germany; Price: 4.90\nZone: 1; Country: Austria; Price: 8.90\n"
        "Zone: 2; Country: not served; Price: not served"
    )


def pdf(*pages: Iterable[tuple[float, float, str] | tuple[float, float, str, float]], title: str = "") -> bytes:
    """A PDF with texts at (x, y), of 10 points or of a size given."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for texts in pages:
        parts = []
        for x, y, text, *size in texts:
            shown = text.replace("\\", "\\\\").replace("(", r"\(").replace(")", r"\)")
            parts.append(f"BT /F1 {size[0] if size else 10} Tf {x} {y} Td ({shown}) Tj ET")
        stream = "\n".join(parts).encode()
        objects.append(b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream")
        about = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
        objects.append(about + b"/Contents %d 0 R >>" % len(objects))
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Kids [" + b" ".join(kids) + b"] /Count %d >>" % len(kids)
    objects.append(b"<< /Title (" + title.encode() + b") >>")
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (len(objects) + 1, len(objects))
    return bytes(out + b"startxref\n%d\n%%%%EOF" % start)


LEFT = [
    "Standard parcels cost 4.90",
    "and arrive in three days.",
    "Express parcels cost 12.50",
    "and come the next day.",
]
RIGHT = ["You may return goods for", "30 days after delivery.", "Opened razors cannot be", "returned for hygiene."]
THIRD = [
    "Our office is open every",
    "working day until five in",
    "the evening. Write to us",
    "at any time of the night.",
]


@pytest.mark.parametrize("heading", [True, False])
@pytest.mark.parametrize("columns", [[LEFT, RIGHT], [LEFT, RIGHT, THIRD], [LEFT[:3], RIGHT], [RIGHT, LEFT[:2]]])
@pytest.mark.parametrize("shift", [0, 3, 5, 7])
def test_columns_of_pdfs_are_read_one_after_the_other(columns: list[list[str]], heading: bool, shift: float) -> None:
    """`shift`: the columns need not stand on the same base lines."""
    texts: list[tuple[float, float, str] | tuple[float, float, str, float]] = []
    if heading:
        texts.append((50, 750, "Terms of our shop, which hold for all orders that are placed on this site", 12))
    for at, lines in enumerate(columns):
        texts += [(50 + at * 180, 700 - 14 * n - (shift if at else 0), line) for n, line in enumerate(lines)]
    random.Random(1).shuffle(texts)
    text = " ".join(text_of(pdf(texts), "terms.pdf").split())
    assert " ".join(" ".join(lines) for lines in columns) in text
    assert text.startswith("Terms of our shop") == heading


TABLE = [
    ["Country", "Up to 2 kg", "Up to 10 kg"],
    ["Germany", "4.90", "7.50"],
    ["Austria", "8.90", "12.00"],
    ["Norway", "19.00", "34.50"],
]


def cells_at(rows: Sequence[Sequence[str]], top: float, places: Sequence[float]) -> list[tuple[float, float, str]]:
    return [(x, top - 16 * at, text) for at, row in enumerate(rows) for x, text in zip(places, row, strict=True)]


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        (TABLE, (50, 200, 320)),
        ([row[:2] for row in TABLE], (50, 300)),
        ([[*row, "yes"] for row in TABLE], (40, 150, 260, 400)),
        (TABLE[:3], (50, 130, 210)),
        ([["Size", "Chest", "Waist"], ["S", "88", "72"], ["M", "94", "78"], ["L", "100", "84"]], (50, 100, 150)),
    ],
)
def test_tables_of_pdfs_are_rows_with_their_header(rows: list[list[str]], places: Sequence[float]) -> None:
    before, after = (
        (50, 740, "What a parcel costs from March on."),
        (50, 500, "Prices with tax. Islands cost more than that."),
    )
    text = text_of(pdf([before, *cells_at(rows, 700, places), after]), "a.pdf")
    for row in rows[1:]:
        assert "; ".join(f"{name}: {cell}" for name, cell in zip(rows[0], row, strict=True)) in text.split("\n")
    assert text.startswith("What a parcel costs from March on.")
    assert text.endswith("Prices with tax. Islands cost more than that.")


@pytest.mark.parametrize("title", ["(anonymous)", "untitled", "", "terms.docx", "Microsoft Word - terms"])
def test_a_pdfs_title_is_its_heading(title: str) -> None:
    texts = [(50, 700, "Returns and refunds", 20), *((50, 650 - 14 * n, line) for n, line in enumerate(RIGHT))]
    assert one(pdf(texts, title=title), "scan_0001.pdf").title == "Returns and refunds"
    plain = [(50, 650 - 14 * n, line) for n, line in enumerate(RIGHT)]
    assert one(pdf(plain, title=title), "return_terms.pdf").title == "Return terms"
    assert one(pdf(texts, title="Our terms"), "a.pdf").title == "Our terms"


def workbook(rows: Sequence[Sequence[object]], merges: Sequence[str] = (), hidden: bool = False) -> bytes:
    """A workbook of one sheet, and a hidden one if wanted."""

    def cell(at: int, number: int, value: object) -> str:
        place = f'r="{chr(65 + at)}{number}"'
        if value == "":
            return ""
        if isinstance(value, int | float):
            return f"<c {place}><v>{value}</v></c>"
        return f'<c {place} t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    def sheet(rows: Sequence[Sequence[object]], merges: Sequence[str]) -> str:
        data = "".join(
            f'<row r="{n}">{"".join(cell(at, n, value) for at, value in enumerate(row))}</row>'
            for n, row in enumerate(rows, 1)
        )
        merged = f"<mergeCells>{''.join(f'<mergeCell ref={m!r}/>' for m in merges)}</mergeCells>" if merges else ""
        return f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData>{merged}</worksheet>'.replace("'", '"')

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    names = ["One", "Secret"] if hidden else ["One"]
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
            'ContentType="application/xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r" Type="{office}/'
            'officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            + "".join(
                f'<sheet name="{name}" sheetId="{n}" r:id="s{n}" state="{"hidden" if n > 1 else "visible"}"/>'
                for n, name in enumerate(names, 1)
            )
            + "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
            + "".join(
                f'<Relationship Id="s{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
                for n in range(1, len(names) + 1)
            )
            + "</Relationships>",
            "xl/worksheets/sheet1.xml": sheet(rows, merges),
            "xl/worksheets/sheet2.xml": sheet([["Not", "shown"], ["margin", 9]], ()),
        }
    )


ZONES: list[list[object]] = [
    ["Zone", "Country", "Weight", "Price"],
    ["Zone 1", "Germany", "up to 2 kg", 4.9],
    ["", "Germany", "up to 10 kg", 7.5],
    ["", "Austria", "up to 2 kg", 8.9],
]
ZONE_TEXTS = [
    "Zone: Zone 1\nCountry: Germany\nWeight: up to 2 kg\nPrice: 4.9",
    "Zone: Zone 1\nCountry: Germany\nWeight: up to 10 kg\nPrice: 7.5",
    "Zone: Zone 1\nCountry: Austria\nWeight: up to 2 kg\nPrice: 8.9",
]


@pytest.mark.parametrize(
    ("above", "merges", "path"),
    [
        ([], [], ()),
        ([["Charges 2026"]], ["A1:D1"], ("Charges 2026",)),
        ([["Charges 2026"]], [], ("Charges 2026",)),
        ([["Charges 2026"], ["in euros"]], ["A1:D1", "A2:D2"], ("Charges 2026", "in euros")),
        ([["Charges 2026"], []], [], ("Charges 2026",)),
        ([[], ["Charges 2026"], [], []], [], ("Charges 2026",)),
    ],
)
def test_sheets_with_titles_and_merged_cells(
    above: list[list[object]], merges: list[str], path: tuple[str, ...]
) -> None:
    first = len(above) + 2
    data = workbook([*above, *ZONES], [*merges, f"A{first}:A{first + 2}"], hidden=True)
    assert one(data, "shipping.xlsx").sections == tuple(Section(path, text) for text in ZONE_TEXTS)


def test_sheets_with_several_tables() -> None:
    below = workbook([["Sizes"], ["Size", "Chest"], ["S", 88], [], ["Care"], ["Part", "How"], ["Wool", "cold"]])
    assert one(below, "a.xlsx").sections == (
        Section(("Sizes",), "Size: S\nChest: 88"),
        Section(("Care",), "Part: Wool\nHow: cold"),
    )
    beside = workbook([["Size", "Chest", "", "Size", "Waist"], ["S", 88, "", "S", 72], ["M", 94, "", "M", 78]])
    assert [section.text for section in one(beside, "a.xlsx").sections] == [
        "Size: S\nChest: 88",
        "Size: M\nChest: 94",
        "Size: S\nWaist: 72",
        "Size: M\nWaist: 78",
    ]
    spaced = workbook([["Size", "Chest"], ["S", 88], [], ["M", 94]])
    assert [section.text for section in one(spaced, "a.xlsx").sections] == ["Size: S\nChest: 88", "Size: M\nChest: 94"]


A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def test_presentations() -> None:
    def shape(text: str, kind: str = "body") -> str:
        lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("|"))
        return f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody>{lines}</p:txBody></p:sp>'

    def slide(*shapes: str, about: str = "") -> str:
        return f"<p:sld {A} {P} {about}><p:cSld><p:spTree>{''.join(shapes)}</p:spTree></p:cSld></p:sld>"

    struck = '<p:sp><p:txBody><a:p><a:r><a:rPr strike="sngStrike"/><a:t>old</a:t></a:r></a:p></p:txBody></p:sp>'
    rows = "".join(
        "<a:tr>" + "".join(f"<a:tc><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:tc>" for cell in row) + "</a:tr>"
        for row in (["Size", "Chest"], ["S", "88"])
    )
    table = (
        f"<p:graphicFrame><a:graphic><a:graphicData><a:tbl>{rows}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    data = zipped(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>"
            + "".join(f'<p:sldId id="{n}" r:id="r{n}"/>' for n in (2, 1, 3))
            + "</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f'<Relationships xmlns="{package}">'
            + "".join(f'<Relationship Id="r{n}" Target="slides/slide{n}.xml"/>' for n in (1, 2, 3))
            + "</Relationships>",
            "ppt/slides/slide1.xml": slide(shape("Sizes", "title"), table, shape("7", "sldNum")),
            "ppt/slides/slide2.xml": slide(shape("Returns", "ctrTitle"), shape("30 days|unworn"), struck),
            "ppt/slides/slide3.xml": slide(shape("Hidden plans"), about='show="0"'),
        }
    )
    document = one(data, "deck.pptx")
    assert document.title == "Returns"
    assert document.sections == (
        Section(("Returns",), "30 days\nunworn", "#slide=1"),
        Section(("Sizes",), "Size: S; Chest: 88", "#slide=2"),
    )


def test_books() -> None:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        "<dc:title>Care guide</dc:title></metadata><manifest>"
        '<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="a" href="text/one%20x.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>'
        '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    data = zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "OEBPS/book.opf": package,
            "OEBPS/nav.xhtml": "<html><body><p>Contents</p></body></html>",
            "OEBPS/text/one x.xhtml": "<html><body><h1>Wool</h1><p>Wash <del>hot</del> cold.</p></body></html>",
            "OEBPS/two.xhtml": "<html><body><h1>Linen</h1><p>Iron damp.</p></body></html>",
        }
    )
    document = one(data, "guide.epub")
    assert (document.title, [(s.heading_path, s.text) for s in document.sections]) == (
        "Care guide",
        [(("Wool",), "Wash cold."), (("Linen",), "Iron damp.")],
    )


@pytest.mark.parametrize("name", ["answer.eml", "answer"])
def test_mails(name: str) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@shop.example", "b@shop.example", "Rücksendung: wie lange?"
    message["Date"] = "Mon, 30 Nov 2026 10:00:00 +0000"
    message.set_content("Within 30 days.\n\n> How long?\n")
    assert one(message.as_bytes(), name) == ParsedDocument(
        title="Rücksendung: wie lange?", sections=(Section((), "Within 30 days."),)
    )
    message.add_alternative("<p>Within <s>14</s> <b>30</b> days.</p>", subtype="html")
    message.add_attachment(b"secret", maintype="application", subtype="octet-stream", filename="x.bin")
    assert text_of(message.as_bytes(), name) == "Within 30 days."


def test_xml() -> None:
    text = (
        "<?xml version='1.0'?><terms><returns><days>30</days><state>unworn</state></returns><note>Free</note></terms>"
    )
    assert one(text.encode(), "terms.xml").sections == (
        Section((), "note: Free"),
        Section(("returns",), "days: 30\nstate: unworn"),
    )
    faq = "<faq><item><question>How long?</question><answer>30 days.</answer></item><item><question>How?</question>"
    assert one(f"{faq}<answer>By post.</answer></item></faq>".encode(), "faq.xml").sections == (
        Section(("How long?",), "30 days."),
        Section(("How?",), "By post."),
    )
    with pytest.raises(UnreadableFile, match="entities"):
        parse_document(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a.xml")


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (rb"{\rtf1\ansi Returns}", "a.rtf", "Rich Text file"),
        (b"%!PS-Adobe-3.0\n", "a.ps", "PostScript"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.msg", "Outlook message"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "a.doc", "old or protected Office file"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.text"}), "a.odt", "OpenDocument text"),
        (zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}), "a.ods", "OpenDocument spreadsheet"),
        (zipped({"Index/Document.iwa": "x"}), "a.pages", "Pages, Numbers or Keynote"),
        (bytes(range(256)) * 20, "a.dat", "of the unknown type .dat"),
        (b"\x89PNG\r\n" + bytes(range(256)), "scan.png", r"a picture \(png\)"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)), "scan", r"a picture \(jpeg\)"),
        (b"\0\0\0\x18ftypheic" + bytes(range(256)), "scan.heic", r"a picture \(heic\)"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(range(256)), "a.txt", r"a picture \(webp\)"),
        (b"<?xml version='1.0'?><!-- logo --><svg><text>Sale</text></svg>", "a.svg", r"a picture \(svg\)"),
        (b"\0\0\0\x18ftypmp42" + bytes(range(256)), "a.mp4", r"a film or a sound \(mp4\)"),
        (b"Rar!\x1a\x07" + bytes(range(256)), "a.rar", r"an archive \(rar\)"),
        (b"SQLite format 3\0" + bytes(range(256)), "a.db", "a database"),
        (bytes(range(256)) * 20, "a.py", "of the unknown type .py"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", "a.ics", "calendar"),
        (b"<?xml version='1.0'?><a><b></a>", "a.xml", "not well-formed XML"),
        (b"sorry", "a.pptx", "named .pptx but is not such a file"),
        (pdf([]), "scan.pdf", "text recognition"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        parse_document(data, name)


@pytest.mark.parametrize("name", ["ship.py", "run.sh", "theme.liquid", "settings.ini", "conf/a.toml"])
def test_comments_of_code_are_no_headings(name: str) -> None:
    parsed = one("# Shipping\n\nFREE_FROM = 80  # euros\n".encode("utf-16"), name)
    assert parsed.title == name.split("/")[-1]
    assert parsed.sections == (Section((), "# Shipping\n\nFREE_FROM = 80 # euros", "#L1"),)


def test_code_is_cited_by_its_lines() -> None:
    text = "".join(f"rule_{number} = {number}\n\n" for number in range(1, 61))
    sections = one(text.encode(), "rules.py").sections
    assert [section.anchor for section in sections] == ["#L1", "#L41", "#L81"]
    assert sections[1].text.startswith("rule_21 = 21")


def test_a_mail_without_a_name_is_known_by_its_fields() -> None:
    mail = (
        "From: a@shop.example\r\nTo: b@shop.example\r\nSubject: =?iso-8859-1?Q?R=FCckgabe?=\r\n"
        "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "R=FCckgabe in 14 Tagen.\r\n"
    )
    parsed = one(mail.encode(), "nachricht")
    assert (parsed.title, parsed.sections) == ("Rückgabe", (Section((), "Rückgabe in 14 Tagen."),))
