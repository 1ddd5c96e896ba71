"""Mails (eml): the subject and what the sender wrote. Addresses and attachments are not read."""

import email
import email.policy
from email.message import EmailMessage, MIMEPart

from integrations.text import clean_text, one_line

from .documents import ParsedDocument, Section, UnreadableFile
from .html import parse_html
from .outline import title_from_name
from .plain import parse_plain


def parse_mail(data: bytes, name: str) -> ParsedDocument:
    """Parse a mail into a document with its subject as the title. Raises UnreadableFile."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    try:
        body = message.get_body(preferencelist=("html", "plain"))
        text = body.get_content() if body else ""
    except (LookupError, ValueError, AttributeError) as error:
        raise UnreadableFile("the mail has no text that can be read") from error
    title = one_line(str(message.get("Subject") or "")) or title_from_name(name)
    return ParsedDocument(title=title, sections=_sections(str(text), body, name))


def _sections(text: str, body: MIMEPart | None, name: str) -> tuple[Section, ...]:
    if body is not None and body.get_content_subtype() == "html":
        return parse_html(text.encode(), name).sections
    quoted = "\n".join(line for line in text.splitlines() if not line.startswith(">"))
    return parse_plain(clean_text(quoted).encode(), name).sections
