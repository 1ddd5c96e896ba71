"""Real PostgreSQL and Redis from pip packages, for the demo, the tests and one-machine use.

    with EmbeddedServers(Path(".aisle")) as endpoints:
        connect(endpoints.database_url, endpoints.redis_url)

Any number of processes may do so with one data dir at the same time. The first starts a keeper, a small process
of its own that runs both servers and restarts them on the same ports when they die; the last one to leave stops all.
Each user holds a shared lock on one file for as long as it lives, so a user killed outright counts as gone.
"""

from server.embedded.errors import EmbeddedError
from server.embedded.lease import EmbeddedServers, Endpoints, erase

__all__ = ["EmbeddedError", "EmbeddedServers", "Endpoints", "erase"]
