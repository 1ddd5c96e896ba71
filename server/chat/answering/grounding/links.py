"""Only links to the shop and to the sources leave; images, HTML and reference definitions never do.

An answer is cleaned sentence by sentence, so each piece must be harmless whatever stands before or behind it:
unpaired brackets are dropped, and an address to a host that is not allowed is removed in whatever syntax it stands.
Reference-style Markdown, nested brackets, entities, invisible characters, protocol-relative and backslash addresses
are known ways around link filters (CVE-2025-32711 used the first). One pass, linear in the text's length.
"""

import html
import re

_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_TAG = re.compile(r"<(?:!--[^\n]{0,2000}?(?:-->|$)|[a-zA-Z/!?][^<>\n]{0,2000}(?:>|$))")
_AUTOLINK = re.compile(r"<((?:https?|mailto|tel):[^<>\s]{1,2000})>", re.I)
_MAIL_AUTOLINK = re.compile(r"<([\w.+-]{1,64}@[\w.-]{1,255})>")
_DEFINITION = re.compile(r"^[ \t>*+-]{0,12}\[[^\]\n]{0,500}\]:[^\n]*", re.M)
_REFERENCE = re.compile(r"[ \t]?\[[^\[\]\n]{0,200}\]")
_ADDRESS = re.compile(
    r"(?i)(?:https?:|(?:ftp|file|blob|wss?|ws):/|(?:javascript|vbscript):)[^\s<>\"']*"
    r"|\bdata:[a-z]+/[^\s<>\"']*|\bwww\.[^\s<>\"']+"
    r"|[/\\]{2,}[\w-]+\.[^\s<>\"']*"
    r"|(?<![\w@./-])(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}(?::\d{1,5})?[/?#][^\s<>\"']*"
)
_WEB = re.compile(r"(https?)://([A-Za-z0-9.-]{1,253})(:\d{1,5})?(?=[/?#]|$)[^\s<>\"'\\`|{}^\[\]]*", re.I)
_MAIL_OR_PHONE = re.compile(r"(?:mailto:[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}|tel:\+?[\d().-]{3,24})", re.I)
_TRAILING = ".,;:!?*_'\""
_MAX_ADDRESS = 2000


def clean_links(text: str, allowed_hosts: frozenset[str]) -> str:
    """The sentence with only allowed links. Hosts are lower case, with ":port" or without to allow any port.

    A refused link keeps its text; a refused bare address goes away; images go with all they hold.
    """
    text = _decoded(text)
    text = _DEFINITION.sub("", text)
    text = _AUTOLINK.sub(lambda found: f" {found[1]} ", _MAIL_AUTOLINK.sub(r"\1", text))
    text = _TAG.sub("", text)
    return _Cleaner(text, allowed_hosts).clean()


def is_allowed_link(address: str, allowed_hosts: frozenset[str]) -> bool:
    """Whether an address is a plain web address of an allowed host, or a mail or telephone address without extras."""
    if len(address) > _MAX_ADDRESS or not address.isascii():
        return False
    if _MAIL_OR_PHONE.fullmatch(address):
        return True
    found = _WEB.fullmatch(address)
    if not found:
        return False
    host = found[2].lower()
    return host in allowed_hosts or f"{host}{found[3] or ''}" in allowed_hosts


def _decoded(text: str) -> str:
    """Entities resolved, so that nothing hides in them; invisible characters dropped."""
    for _ in range(3):
        if "&" not in text:
            break
        decoded = html.unescape(text)
        if decoded == text:
            break
        text = decoded
    return _INVISIBLE.sub("", text)


class _Cleaner:
    """Walks over one text. `_out` holds pieces; kept links are pieces that are not looked at again."""

    def __init__(self, text: str, allowed_hosts: frozenset[str]) -> None:
        self._text = text
        self._allowed = allowed_hosts
        self._closing = _closing_brackets(text)
        self._out: list[str] = []
        self._open: list[int] = []
        """Where in `_out` each bracket that is still open began: its piece is "[" or "!["."""

    def clean(self) -> str:
        """The whole text once."""
        position = 0
        for found in re.finditer(r"!?\[|\]", self._text):
            if found.start() < position:
                continue
            self._out.append(self._plain(self._text[position : found.start()]))
            position = found.end()
            if found[0] == "]":
                position = self._close(position)
            else:
                self._open.append(len(self._out))
                self._out.append(found[0])
        self._out.append(self._plain(self._text[position:]))
        for index in self._open:
            self._out[index] = ""
        return "".join(self._out)

    def _close(self, position: int) -> int:
        """A bracket closes: a link, a reference or just brackets. Returns where reading goes on."""
        destination, after = self._destination(position)
        if not self._open:
            return after if destination is not None else position
        begin = self._open.pop()
        is_image = self._out[begin] == "!["
        if destination is None:
            return self._close_plain(begin, is_image, position)
        if is_image:
            del self._out[begin:]
        elif self._open or not is_allowed_link(destination, self._allowed):
            self._out[begin] = ""
        else:
            label = "".join(self._out[begin + 1 :])
            self._out[begin:] = [f"[{label}]({destination})"] if label.strip() else []
        return after

    def _close_plain(self, begin: int, is_image: bool, position: int) -> int:
        """ "[text][ref]" and "![alt][ref]" lose the reference; "[1]" alone stays."""
        reference = _REFERENCE.match(self._text, position)
        if is_image:
            del self._out[begin:]
        elif reference:
            self._out[begin] = ""
        else:
            self._out.append("]")
        return reference.end() if reference else position

    def _destination(self, position: int) -> tuple[str | None, int]:
        """The address in the round brackets behind a "]", and where they end; (None, position) without any."""
        if not self._text.startswith("(", position):
            return None, position
        end = self._closing.get(position)
        if end is None or end - position > _MAX_ADDRESS:
            return "", position + 1  # never closed: no link, and what follows is read as plain text
        return _address_of(self._text[position + 1 : end]), end + 1

    def _plain(self, text: str) -> str:
        return _ADDRESS.sub(self._kept_address, text)

    def _kept_address(self, found: re.Match[str]) -> str:
        address = found[0].rstrip(_TRAILING)
        if address.endswith(")") and "(" not in address:
            address = address.rstrip(")")
        return found[0] if is_allowed_link(address, self._allowed) else ""


def _closing_brackets(text: str) -> dict[int, int]:
    """Where each round bracket closes, on the same line."""
    closing: dict[int, int] = {}
    waiting: list[int] = []
    for found in re.finditer(r"[()\n]", text):
        match found[0]:
            case "(":
                waiting.append(found.start())
            case ")" if waiting:
                closing[waiting.pop()] = found.start()
            case "\n":
                waiting.clear()
    return closing


def _address_of(inside: str) -> str:
    """The address of `address "title"` or `<address>`; the title is dropped."""
    inside = inside.strip()
    if inside.startswith("<"):
        return inside[1:].partition(">")[0]
    return inside.split(maxsplit=1)[0] if inside else ""
