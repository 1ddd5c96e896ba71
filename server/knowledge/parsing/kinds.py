"""Detects the kind of a file, by its content first and by its name only where the content is ambiguous."""

import io
import re
import zipfile
import zlib
from pathlib import PurePosixPath

from server.catalog.formats.text_encoding import decode_bytes

from .documents import MAX_FILE_BYTES, UnreadableFile

MAX_ARCHIVE_BYTES = 100 * 2**20
MAX_ARCHIVE_ENTRIES = 5_000
MAX_ARCHIVE_RATIO = 200

_BY_NAME = {
    ".md": "markdown", ".markdown": "markdown", ".mdx": "markdown", ".txt": "text", ".text": "text", ".html": "html",
    ".htm": "html", ".xhtml": "html", ".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl",
    ".ndjson": "jsonl", ".yaml": "yaml", ".yml": "yaml", ".eml": "mail", ".xml": "xml",
}  # fmt: skip
_CODE_NAMES = frozenset({
    ".c", ".cfg", ".conf", ".cpp", ".cs", ".css", ".go", ".graphql", ".h", ".ini", ".java", ".js", ".jsx", ".kt",
    ".less", ".liquid", ".lua", ".php", ".pl", ".proto", ".ps1", ".py", ".rb", ".rs", ".scss", ".sh", ".sql", ".swift",
    ".toml", ".ts", ".tsx", ".twig", ".vue",
})  # fmt: skip
_NEVER_TEXT = frozenset({".pdf", ".docx", ".xlsx", ".pptx", ".epub", ".doc", ".xls", ".ppt", ".msg", ".odt", ".ods"})
_HTML = re.compile(
    r"\s{0,100}(?:<\?xml[^>]{0,200}\?>\s{0,20})?(?:<!--.{0,2000}?-->\s{0,20}){0,3}<(?:!doctype html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_SVG = re.compile(
    r"\s{0,100}(?:<\?xml[^>]{0,200}\?>\s{0,20})?(?:<!(?:--.{0,2000}?--|[^>]{0,300})>\s{0,20}){0,3}<svg\b", re.DOTALL
)
_XML = re.compile(r"\s{0,100}<\?xml\b")
_MAIL = re.compile(r"(?:[A-Z][A-Za-z-]{1,40}:[^\n]{0,2000}\n(?:[ \t][^\n]{0,2000}\n){0,50}){3}")
_MAIL_NAMES = re.compile(
    r"^(?:received|return-path|delivered-to|message-id|mime-version|content-type|from|to|subject|date):",
    re.IGNORECASE | re.MULTILINE,
)
_LEAST_MAIL_NAMES = 3
_KNOWN = "md, txt, html, pdf, docx, pptx, xlsx, csv, json, yaml, xml, epub, eml, code"
_NAMED_BY_START = {
    "{\\rtf": "this is a Rich Text file (rtf); save it as docx or PDF",
    "%!PS": "this is a PostScript file; save it as PDF",
    "BEGIN:VCALENDAR": "this is a calendar (ics), not a document",
    "BEGIN:VCARD": "this is a contact (vcf), not a document",
    "\\documentclass": "this is a LaTeX file; import the PDF that is made of it",
}
_PICTURE = "this is a picture ({}); run text recognition (OCR) over it, and import the PDF or text that it makes"
_SOUND = "this is a film or a sound ({}); import what is said in it as a text"
_ARCHIVE = "this is an archive ({}); unpack it and import what is inside"
_NAMED_BY_BYTES = (
    (b"\x89PNG", 0, _PICTURE, "png"), (b"\xff\xd8\xff", 0, _PICTURE, "jpeg"), (b"GIF8", 0, _PICTURE, "gif"),
    (b"WEBP", 8, _PICTURE, "webp"), (b"II*\0", 0, _PICTURE, "tiff"), (b"MM\0*", 0, _PICTURE, "tiff"),
    (b"ftyphei", 4, _PICTURE, "heic"), (b"ftypavif", 4, _PICTURE, "avif"), (b"8BPS", 0, _PICTURE, "psd"),
    (b"ftyp", 4, _SOUND, "mp4"), (b"ID3", 0, _SOUND, "mp3"), (b"OggS", 0, _SOUND, "ogg"), (b"WAVE", 8, _SOUND, "wav"),
    (b"\x1aE\xdf\xa3", 0, _SOUND, "mkv"), (b"Rar!", 0, _ARCHIVE, "rar"), (b"7z\xbc\xaf", 0, _ARCHIVE, "7z"),
    (b"BZh", 0, _ARCHIVE, "bz2"), (b"\xfd7zXZ", 0, _ARCHIVE, "xz"), (b"\x28\xb5\x2f\xfd", 0, _ARCHIVE, "zst"),
    (b"ustar", 257, _ARCHIVE, "tar"), (b"SQLite format 3", 0, "this is a database ({}), not a document", "SQLite"),
)  # fmt: skip
"""How a file of a type that is not read begins: the bytes, where they stand, what it is told to be, its type."""
_NAMED_BY_TYPE = {
    "application/vnd.oasis.opendocument.text": "this is an OpenDocument text (odt); save it as docx or PDF",
    "application/vnd.oasis.opendocument.spreadsheet": "this is an OpenDocument spreadsheet (ods); save it as xlsx",
    "application/vnd.oasis.opendocument.presentation": "this is an OpenDocument presentation (odp); save it as pptx",
}


def decompress(data: bytes, name: str) -> tuple[bytes, str]:
    """Return a file's bytes and name, both without gzip. Raises UnreadableFile for too large, empty or damaged ones."""
    if data.startswith(b"\x1f\x8b"):
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            data = decompressor.decompress(data, MAX_FILE_BYTES + 1)
        except zlib.error as error:
            raise UnreadableFile("the gzip file is damaged") from error
        name = name.removesuffix(".gz")
    if len(data) > MAX_FILE_BYTES:
        raise UnreadableFile(f"the file is larger than {MAX_FILE_BYTES // 2**20} MB; split it")
    if not data.strip(b" \t\r\n\0\xef\xbb\xbf"):
        raise UnreadableFile("the file is empty")
    return data, name


def detect_kind(data: bytes, name: str) -> str:
    """Return the kind of a file: pdf, docx, pptx, xlsx, epub, html, xml, mail, markdown, text, code, csv, json, jsonl
    or yaml. Raises UnreadableFile for any other, by its name where that is known."""
    suffix = PurePosixPath(name.lower().replace("\\", "/")).suffix
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _office_kind(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        if suffix == ".msg":
            raise UnreadableFile("this is an Outlook message (msg); save it as eml, text or PDF")
        raise UnreadableFile("this is an old or protected Office file; save it as docx, xlsx or PDF without a password")
    for mark, at, told, kind in _NAMED_BY_BYTES:
        if data.startswith(mark, at):
            raise UnreadableFile(told.format(kind))
    head = decode_bytes(data[:65536])
    if suffix in _CODE_NAMES:
        _require_text(head, suffix)
        return "code"
    _require_text(head, suffix)
    for start, reason in _NAMED_BY_START.items():
        if head.lstrip().startswith(start):
            raise UnreadableFile(reason)
    if _HTML.match(head):
        return "html"
    if suffix in _NEVER_TEXT:
        # an upload that broke off, or a saved error message: shoppers must not read it as an answer
        raise UnreadableFile(
            f"the file is named {suffix} but is not such a file; save it again from the program that made it"
        )
    named = _BY_NAME.get(suffix)
    if _SVG.match(head):
        raise UnreadableFile(_PICTURE.format("svg"))
    if _XML.match(head) or (named == "xml" and head.lstrip().startswith("<")):
        return "xml"
    if named == "mail" or (named is None and _is_mail(head)):
        return "mail"
    if named in ("markdown", "csv", "yaml", "html", "jsonl"):
        return named
    if named == "xml":
        raise UnreadableFile("the file is named .xml but has no XML element")
    if head.lstrip()[:1] in ("{", "["):
        return _json_kind(data, head, named)
    if named == "json":
        raise UnreadableFile("the file is named .json but has no JSON object or list")
    return named or _text_kind(head)


def _json_kind(data: bytes, head: str, named: str | None) -> str:
    if named == "text" or (named is None and head.lstrip()[1:2] not in ('"', "{", "[", "\n", "\r", " ", "}", "]")):
        return "text"
    lines = head.strip().splitlines()
    is_lines = len(lines) > 1 and all(line.strip()[:1] == "{" and line.strip()[-1:] == "}" for line in lines[:2])
    return "jsonl" if is_lines else "json"


def _text_kind(head: str) -> str:
    is_markdown = re.search(r"^#{1,6} \S", head, re.MULTILINE) or head.startswith("---\n")
    return "markdown" if is_markdown else "text"


def _is_mail(head: str) -> bool:
    return bool(_MAIL.match(head)) and len(set(_MAIL_NAMES.findall(head[:8192]))) >= _LEAST_MAIL_NAMES


def _require_text(head: str, suffix: str) -> None:
    odd = sum(not (character.isprintable() or character in "\t\n\r\f\0\ufeff\u00ad") for character in head)
    is_binary = head.count("\0") > max(len(head) // 100, 2)  # a few stray NULs occur in text
    if is_binary or odd > max(len(head) // 20, 4) or head.count("\ufffd") > max(len(head) // 20, 4):
        kind = f"is of the unknown type {suffix[:12]}" if suffix and suffix not in _BY_NAME else "has an unknown type"
        raise UnreadableFile(f"the file {kind}; known are {_KNOWN}")


def _office_kind(data: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {entry.filename for entry in archive.infolist()}
            _require_safe_archive(archive, len(data))
            media_type = archive.read("mimetype")[:100].decode("latin-1").strip() if "mimetype" in names else ""
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError) as error:
        raise UnreadableFile("the file is a damaged archive or Office file") from error
    if "word/document.xml" in names:
        return "docx"
    if any(name.startswith("xl/workbook") for name in names):
        return "xlsx"
    if "ppt/presentation.xml" in names:
        return "pptx"
    if media_type == "application/epub+zip" or "META-INF/container.xml" in names:
        return "epub"
    if media_type in _NAMED_BY_TYPE:
        raise UnreadableFile(_NAMED_BY_TYPE[media_type])
    if "Index/Document.iwa" in names:
        raise UnreadableFile("this is a Pages, Numbers or Keynote file; save it as docx, xlsx or PDF")
    raise UnreadableFile(f"the file is a zip archive; unpack it and import what is inside ({_KNOWN})")


def _require_safe_archive(archive: zipfile.ZipFile, packed: int) -> None:
    """Raises UnreadableFile for an archive that is encrypted, or that expands to far more than a document does (a zip
    bomb). `packed` is its size in bytes."""
    entries = archive.infolist()
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ARCHIVE_ENTRIES or total > min(MAX_ARCHIVE_BYTES, max(packed * MAX_ARCHIVE_RATIO, 2**20)):
        raise UnreadableFile("the file is far larger than a document once unpacked, so it was not opened")
    if any(entry.flag_bits & 1 for entry in entries):
        raise UnreadableFile("the file is protected by a password; save it without one")
