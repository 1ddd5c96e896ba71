"""What the pages about knowledge call things: where a product or document came from, and how a job stands."""

from collections.abc import Iterable, Mapping

from server.stores.models import StoreConnection, source_of

SOURCES = {
    "file": "File",
    "upload": "Upload",
    "api": "API or console",
    "demo": "Demo",
    "site": "Site",
}
"""What is not a connected store, by the `source` of a product or document."""
LEFT_STORE = "A store that was disconnected"


def store_names(stores: Iterable[StoreConnection]) -> dict[str, str]:
    """The names of connected stores by the `source` of what was read from them."""
    return {source_of(store.id): store.name for store in stores}


def source_words(source: str, stores: Mapping[str, str]) -> str:
    """Where something came from, in words: the store's name, or the way it came."""
    if source.startswith("store:"):
        return stores.get(source, LEFT_STORE)
    return SOURCES.get(source, source)
