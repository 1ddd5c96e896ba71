"""Decodes bytes of unknown encoding."""

import re


def decode_bytes(data: bytes) -> str:
    """Decode bytes: by the BOM, as UTF-8, or in the most likely legacy encoding."""
    encoding = guess_encoding(data)
    return data.decode(encoding, errors="replace").removeprefix("\ufeff")


def guess_encoding(head: bytes) -> str:
    """Return the codec of a text that starts with `head`, which may end inside a character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head.count(0, 1, 400) > 100:
        return "utf-16-le" if head[1:2] == b"\0" else "utf-16-be"
    if is_utf8(head):
        return "utf-8"
    return _legacy_encoding(head)


def is_utf8(head: bytes) -> bool:
    """Whether `head` is UTF-8 up to a character cut off at its end."""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.end == len(head)
    return True


def _legacy_encoding(head: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(head[:65536]).best()
    guess = best.encoding if best and best.encoding in _LEGACY_ENCODINGS else "cp1252"
    # A few Western letters look like Central European or Turkish ones to the statistics, and are far more common.
    if guess in _LATIN_ENCODINGS and _WESTERN.fullmatch(head.decode("cp1252", errors="replace")):
        return "cp1252"
    return guess


_LATIN_ENCODINGS = frozenset(("cp1250", "cp1254", "cp1257"))
_WESTERN = re.compile("[\0-\x7f\u00a0£€§©®°²³·½«»àâäáãåæçèéêëíîïñòóôöõøœùúûüßÀÂÄÁÅÆÇÈÉÊËÍÎÏÑÓÔÖØŒÙÚÛÜ–—‘’“”„…•™]*+")
_LEGACY_ENCODINGS = frozenset(
    [
        "cp1250",
        "cp1251",
        "cp1252",
        "cp1253",
        "cp1254",
        "cp1255",
        "cp1256",
        "shift_jis",
        "cp932",
        "euc_jp",
        "gb18030",
        "gbk",
        "big5",
        "euc_kr",
        "koi8_r",
    ]
)
