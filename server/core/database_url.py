"""The address of the database, as its clients take it."""

from urllib.parse import quote, urlsplit, urlunsplit


def plain_url(url: str) -> str:
    """The address with the scheme that every client here takes."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql"))


def url_for_role(url: str, role: str, password: str) -> str:
    """The same database, as another role."""
    parts = urlsplit(plain_url(url))
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(role)}:{quote(password)}@{host}"))
