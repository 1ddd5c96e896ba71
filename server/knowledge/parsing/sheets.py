"""Tables: CSV and Excel, each row as lines of "header: value", or as question and answer where it is one."""

import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from server.catalog.formats.delimited import detect_table, find_header, table_records
from server.catalog.formats.field_values import render_text
from server.catalog.formats.row_result import Record
from server.catalog.formats.text_encoding import decode_bytes

from .documents import ParsedDocument, Section, UnreadableFile
from .entries import entry_documents
from .outline import title_from_name

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

MAX_ROWS = 50_000
_MAX_TITLE_WORDS = 8
_AMOUNT = re.compile(r"\W{0,3}[\d.,:/ -]+\W{0,4}(?:[A-Za-z]{3})?")


def parse_csv(data: bytes, name: str) -> tuple[ParsedDocument, ...]:
    """Parse a CSV or TSV file with a header row. Malformed rows are left out."""
    text = decode_bytes(data).replace("\0", "")
    table = detect_table(text[:262_144], is_whole=len(text) <= 262_144)
    records = table_records(iter(text.splitlines(keepends=True)), table)
    return _documents(title_from_name(name), [record.fields for record in records if isinstance(record, Record)])


def parse_xlsx(data: bytes, name: str) -> tuple[ParsedDocument, ...]:
    """Parse every sheet of a workbook, each with one table or several. Raises UnreadableFile."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [each.name for each in workbook.sheets_metadata if str(each.visible).endswith("Visible")]
        sheets = [(sheet, _filled_rows(workbook.get_sheet_by_name(sheet))) for sheet in shown]
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFile("the workbook is damaged or protected; save it again as xlsx") from error
    title = title_from_name(name)
    documents: list[ParsedDocument] = []
    sections: list[Section] = []
    for sheet, rows in sheets:
        within = (sheet,) if len(sheets) > 1 else ()
        for table in split_tables(rows):
            found = _documents(title, list(table.records()))
            if any(document.key for document in found):
                documents += found
                continue
            path = (*within, *table.titles)
            sections += [Section((*within,), text) for text in table.remarks]
            sections += [Section((*path, *s.heading_path), s.text) for document in found for s in document.sections]
    return (*documents, ParsedDocument(title=title, sections=tuple(sections)))


def _filled_rows(sheet: "CalamineSheet") -> list[list[str]]:
    """The cells of a sheet as texts; merged cells are all filled with the text that they show."""
    rows = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if top >= len(rows) or left >= len(rows[top]) or not rows[top][left]:
            continue
        for row in rows[top : min(bottom, top + MAX_ROWS) + 1]:
            for at in range(left, min(right + 1, len(row))):
                row[at] = rows[top][left]
    return rows


class SheetTable(Struct, frozen=True):
    """A table in a sheet: the titles above it, other lines that stand alone, its header, and its rows."""

    titles: tuple[str, ...]
    remarks: tuple[str, ...]
    header: list[str]
    rows: list[list[str]]

    def records(self) -> Iterator[dict[str, Any]]:
        """The rows by the names of their columns."""
        names = [name or f"column {at}" for at, name in enumerate(self.header, 1)]
        for row in self.rows:
            yield {name: cell for name, cell in zip(names, row, strict=False) if cell}


def split_tables(rows: list[list[str]]) -> Iterator[SheetTable]:
    """The tables of a sheet, which are apart by empty rows or empty columns. Rows below an empty one that have no
    header of their own go on with the table above."""
    header: list[str] = []
    waiting: tuple[str, ...] = ()
    for block in _blocks(rows):
        above = next((at for at, row in enumerate(block) if not _is_title(row)), len(block))
        titles = tuple(dict.fromkeys(next(filter(None, row)) for row in block[:above]))
        body = block[above:]
        if not body:
            if above > 1 or _is_sentence(titles[0]):
                yield SheetTable((), titles, [], [])
            else:
                waiting = titles
            continue
        top = find_header(body)
        if len(body) > top + 1 and _is_header(body[top]):
            header, body = body[top], body[top + 1 :]
        elif len(header) != len(body[0]):
            header = [""] * len(body[0])
        remarks = tuple(next(filter(None, row)) for row in body if _is_title(row))
        yield SheetTable(titles or waiting, remarks, header, [row for row in body if not _is_title(row)])
        waiting = ()


def _blocks(rows: list[list[str]]) -> Iterator[list[list[str]]]:
    """Rectangles of cells: runs of filled rows, and the tables that stand beside one another in them."""
    run: list[list[str]] = []
    for row in [*rows, []]:
        if any(row):
            run.append(row)
            continue
        if run:
            yield from _beside(run)
        run = []


def _beside(run: list[list[str]]) -> Iterator[list[list[str]]]:
    """The parts of a run that empty columns keep apart. Parts of the same rows whose headers differ are one table."""
    width = max(len(row) for row in run)
    padded = [row + [""] * (width - len(row)) for row in run]
    filled = [at for at in range(width) if any(row[at] for row in padded)]
    groups: list[list[int]] = []
    for at in filled:
        if groups and groups[-1][-1] == at - 1:
            groups[-1].append(at)
        else:
            groups.append([at])
    shapes = {tuple(any(row[at] for at in group) for row in padded) for group in groups}
    names = [padded[0][at] for at in filled if padded[0][at]]
    if len(shapes) == 1 and len(set(names)) == len(names):
        groups = [filled]
    for group in groups:
        yield [cells for row in padded if any(cells := [row[at] for at in group])]


def _is_title(row: list[str]) -> bool:
    """Whether a row has one text, at its left or merged over some columns."""
    return len({cell for cell in row if cell}) == 1 and bool(row[0])


def _is_sentence(text: str) -> bool:
    return len(text.split()) > _MAX_TITLE_WORDS


def _is_header(row: list[str]) -> bool:
    """Whether the cells of a row name columns: texts, no two the same, no amounts."""
    filled = [cell for cell in row if cell]
    return len(filled) > 1 and len(set(filled)) == len(filled) and not any(_AMOUNT.fullmatch(cell) for cell in filled)


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
