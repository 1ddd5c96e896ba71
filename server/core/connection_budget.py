"""How many database connections a process may hold, so that all that are started fit on the server.

A pool grows only when it must, so the connections that are open now say little about those that may be open soon. Every
process therefore states its maximum in the name of its connections (`aisle/24/1f2e3d4c`), which exists exactly as long
as they do. A process gets its share once, at its start: what the server allows, less what others claim or have open.
"""

import re
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from server.core.errors import ConfigurationError

MAX_CONNECTIONS = 24
"""Connections of one process where the server has enough: two pools of 12, all that two cores can use at once."""
MIN_CONNECTIONS = 4
"""Two for each pool: with fewer a process would wait for itself."""
COMMAND_CONNECTIONS = 8
RESERVED_CONNECTIONS = 6
"""Left for the owner's connections (`aisle migrate`, a worker's index) and for an operator's own session."""
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
        """The connections that new processes may still claim."""
        return max(0, self.allowed - self.claimed - self.foreign - RESERVED_CONNECTIONS)

    def __str__(self) -> str:
        return (
            f"of {self.allowed} connections that the database allows, {self.claimed} are reserved for other processes "
            f"of Aisle and {self.foreign} are in use by others"
        )


def claim_name(connections: int) -> str:
    """The application name of a process that may open this many connections."""
    return f"aisle/{connections}/{secrets.token_hex(4)}"


async def read_budget(fetch: Fetch) -> Budget:
    """Read the limits and the present use from the server, as the app's role."""
    [server] = await fetch(_SERVER)
    rows = await fetch(_IN_USE)
    claims = {row["name"]: int(found[1]) for row in rows if row["own"] and (found := _CLAIM.fullmatch(row["name"]))}
    limits = [limit for limit in server.values() if limit is not None]
    foreign = sum(row["open"] for row in rows if row["name"] not in claims)
    return Budget(allowed=min(limits), claimed=sum(claims.values()), foreign=foreign)


def connections_per_process(budget: Budget, *, processes: int, wanted: int | None) -> int:
    """How many connections each of so many new processes gets: `wanted` where it is set, else up to MAX_CONNECTIONS.

    Raises ConfigurationError when they do not fit.
    """
    share = budget.free // processes
    size = min(MAX_CONNECTIONS, share) if wanted is None else wanted
    if size > share or size < MIN_CONNECTIONS:
        most = f", AISLE_DATABASE_CONNECTIONS of at most {share}" if share >= MIN_CONNECTIONS else ""
        raise ConfigurationError(
            f"{processes} processes with {max(size, MIN_CONNECTIONS)} connections each need more than the database has "
            f"left: {budget}, and {RESERVED_CONNECTIONS} stay free; start fewer processes{most}, or raise "
            "max_connections"
        )
    return size
