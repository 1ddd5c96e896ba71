"""Real PostgreSQL and Redis from pip packages, for the demo, the tests and one-machine use.

    with EmbeddedServers(Path(".aisle")) as endpoints:
        connect(endpoints.database_url, endpoints.redis_url)

Any number of processes may use one data dir at the same time. The first one starts a supervisor, a small process
that runs both servers and restarts them on the same ports when they end. When the last one leaves, all of it stops.
Each user has a shared lock on one file, which the kernel releases when the process ends, however it ends.
"""

from server.embedded.errors import EmbeddedError
from server.embedded.lease import EmbeddedServers, Endpoints, erase

__all__ = ["EmbeddedError", "EmbeddedServers", "Endpoints", "erase"]
