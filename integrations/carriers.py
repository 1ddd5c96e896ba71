"""Carriers by the names that shops know them by, and the pages on which they show a parcel (`carriers.toml`)."""

import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from urllib.parse import quote

import msgspec
from msgspec import Struct

_FILE = Path(__file__).with_name("carriers.toml")


class Carrier(Struct, frozen=True, forbid_unknown_fields=True):
    """A carrier: the name it is known by, and its page for a parcel with `{number}` in it."""

    name: str
    slugs: tuple[str, ...]
    url: str

    def tracking_url(self, number: str) -> str:
        """The carrier's page for this parcel number."""
        return self.url.format(number=quote(number, safe=""))


def find_carrier(name: str) -> Carrier | None:
    """The carrier of a name or slug such as "ups-germany" or "Royal Mail"; None for one that is not in the table. The
    longest slug that the name is, or begins with, decides."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    known = _by_slug()
    words = slug.split("-")
    heads = ("-".join(words[:count]) for count in range(len(words), 0, -1))
    return next((known[head] for head in heads if head in known), None)


@cache
def _by_slug() -> dict[str, Carrier]:
    carriers = msgspec.convert(tomllib.loads(_FILE.read_text("utf-8"))["carriers"], tuple[Carrier, ...])
    return {slug: carrier for carrier in carriers for slug in carrier.slugs}
