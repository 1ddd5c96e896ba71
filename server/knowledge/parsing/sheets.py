"""Tables: CSV and Excel, each row as lines of "header: value", or as question and answer where it is one."""

import io
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from server.catalog.formats.delimited import detect_table, table_records
from server.catalog.formats.field_values import render_text
from server.catalog.formats.row_result import Record
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument, Section, UnreadableFile
from .entries import entry_documents
from .outline import title_from_name

MAX_ROWS = 50_000


def parse_csv(data: bytes, name: str) -> tuple[ParsedDocument, ...]:
    """Parse a CSV or TSV file with a header row. Malformed rows are left out."""
    text = decode_bytes(data).replace("\0", "")
    table = detect_table(text[:262_144], is_whole=len(text) <= 262_144)
    records = table_records(iter(text.splitlines(keepends=True)), table)
    return _documents(title_from_name(name), [record.fields for record in records if isinstance(record, Record)])


def parse_xlsx(data: bytes, name: str) -> tuple[ParsedDocument, ...]:
    """Parse every sheet of a workbook. The first filled row of each is its header. Raises UnreadableFile."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [(sheet, workbook.get_sheet_by_name(sheet).to_python()) for sheet in workbook.sheet_names]
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("the workbook is damaged or protected; save it again as xlsx") from error
    title = title_from_name(name)
    documents: list[ParsedDocument] = []
    sections: list[Section] = []
    for sheet, rows in sheets:
        found = _documents(title, list(_under_header(rows)))
        if any(document.key for document in found):
            documents += found
        else:
            within = (sheet,) if len(sheets) > 1 else ()
            sections += [Section((*within, *s.heading_path), s.text) for document in found for s in document.sections]
    return (*documents, ParsedDocument(title=title, sections=tuple(sections)))


def _under_header(rows: list[list[Any]]) -> Iterable[dict[str, Any]]:
    filled = [[_cell(value) for value in row] for row in rows]
    filled = [row for row in filled if any(row)]
    for row in filled[1:]:
        yield {header or f"column {at}": cell for at, (header, cell) in enumerate(zip(filled[0], row, strict=False), 1)}


def _cell(value: Any) -> str:
    match value:
        case datetime() if (value.hour, value.minute, value.second) == (0, 0, 0):
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return render_text(value)


def _documents(title: str, rows: list[dict[str, Any]]) -> tuple[ParsedDocument, ...]:
    if len(rows) > MAX_ROWS:
        raise UnreadableFile(f"the table has more than {MAX_ROWS:,} rows; split it")
    if known := entry_documents(rows, title):
        return known
    lines = ("\n".join(f"{name}: {text}" for name, cell in row.items() if (text := render_text(cell))) for row in rows)
    return (ParsedDocument(title=title, sections=tuple(Section((), text) for text in lines if text)),)
