"""How many database connections a process may hold, so that all that are started fit on the server.

A pool grows only when it must, so what is open now says little of what may be open soon. Every process therefore tells
what it may take in the name of its connections (`aisle/24/1f2e3d4c`), which lasts exactly as long as they do. What a
process gets is shared out once, at its start, of what the server allows less what others claim or hold.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from server.core.errors import ConfigurationError

FULL = 24
"""What one process takes where there is room: two pools of 12, enough for all that two cores can ask at once."""
LEAST = 4
"""Two for each pool: with fewer a process waits for itself."""
PER_COMMAND = 8
SPARE = 6
"""Left for the owner's connections (`aisle migrate`, a worker's index) and for an operator's own look."""
_CLAIM = re.compile(r"aisle/(\d+)/[0-9a-f]{8}")
_SERVER = """
    SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true), '0')::int AS allowed,
           (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user) AS of_role,
           (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()) AS of_database
"""
_IN_USE = """
    SELECT application_name AS name, usename = current_user AS own, count(*) AS open FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND application_name <> current_setting('application_name')
    GROUP BY 1, 2
"""
Fetch = Callable[..., Awaitable[list[Any]]]


class Budget(Struct, frozen=True, kw_only=True):
    """Connections of a server, without those of the process that asks."""

    allowed: int
    claimed: int
    """By other processes of Aisle, whether open or not."""
    foreign: int
    """Open connections of everybody else."""

    @property
    def free(self) -> int:
        """What new processes may take."""
        return max(0, self.allowed - self.claimed - self.foreign - SPARE)

    def __str__(self) -> str:
        return (
            f"of {self.allowed} connections that the database allows, {self.claimed} are reserved for other processes "
            f"of Aisle and {self.foreign} are in use by others"
        )


def claim_name(connections: int) -> str:
    """The application name of a process that may hold so many connections."""
    return f"aisle/{connections}/{secrets.token_hex(4)}"


async def read_budget(fetch: Fetch) -> Budget:
    """Ask the server, as the app's role."""
    [server] = await fetch(_SERVER)
    rows = await fetch(_IN_USE)
    claims = {row["name"]: int(found[1]) for row in rows if row["own"] and (found := _CLAIM.fullmatch(row["name"]))}
    limits = [limit for limit in server.values() if limit is not None]
    foreign = sum(row["open"] for row in rows if row["name"] not in claims)
    return Budget(allowed=min(limits), claimed=sum(claims.values()), foreign=foreign)


def share_out(budget: Budget, *, processes: int, wanted: int | None) -> int:
    """How many connections each of so many new processes gets: `wanted` where it is set, else up to FULL.

    Raises ConfigurationError when they do not fit.
    """
    share = budget.free // processes
    size = min(FULL, share) if wanted is None else wanted
    if size > share or size < LEAST:
        most = f", AISLE_DATABASE_CONNECTIONS of at most {share}" if share >= LEAST else ""
        raise ConfigurationError(
            f"{processes} processes with {max(size, LEAST)} connections each need more than the database has left: "
            f"{budget}, and {SPARE} stay free; start fewer processes{most}, or raise max_connections"
        )
    return size
