"""Parses a file into documents. Input may be hostile: call it through `isolation.DocumentParser`."""

from .documents import MAX_DOCUMENTS, ParsedDocument, UnreadableFile
from .kinds import decompress, detect_kind

Documents = tuple[ParsedDocument, ...]


def parse_document(data: bytes, name: str) -> Documents:
    """The documents in a file: one, or one for each entry of a list in JSON or YAML.

    `name` is the file's name or address; it gives a title where the content has none. Raises UnreadableFile.
    """
    data, name = decompress(data, name)
    try:
        documents = _parse(data, name, detect_kind(data, name))
    except RecursionError as error:
        raise UnreadableFile("the file nests its parts too deeply") from error
    kept = tuple(document for document in documents if document.sections)
    if not kept:
        raise UnreadableFile("the file has no text that can be read")
    if len(kept) > MAX_DOCUMENTS:
        raise UnreadableFile(f"the file holds more than {MAX_DOCUMENTS:,} documents; split it")
    return kept


def _parse(data: bytes, name: str, kind: str) -> Documents:
    # Each parser is imported when it is needed: the children's server has them all, a command may need one.
    match kind:
        case "pdf":
            from .pdf import parse_pdf

            return (parse_pdf(data, name),)
        case "docx":
            from .word import parse_docx

            return (parse_docx(data, name),)
        case "xlsx":
            from .sheets import parse_xlsx

            return parse_xlsx(data, name)
        case "pptx":
            from .packages import parse_pptx

            return (parse_pptx(data, name),)
        case "epub":
            from .packages import parse_epub

            return (parse_epub(data, name),)
        case "mail":
            from .mail import parse_mail

            return (parse_mail(data, name),)
        case "csv":
            from .sheets import parse_csv

            return parse_csv(data, name)
        case "html":
            from .html import parse_html

            return (parse_html(data, name),)
        case "markdown":
            from .markdown import parse_markdown

            return (parse_markdown(data, name),)
        case "text":
            from .plain import parse_plain

            return (parse_plain(data, name),)
        case "code":
            from .code import parse_code

            return (parse_code(data, name),)
        case "json" | "jsonl" | "yaml" | "xml":
            from .entries import parse_entries

            return parse_entries(data, name, kind)
    raise UnreadableFile(f"files of the kind {kind} are not read")
