"""An event loop in a thread of its own, for what tests do in a database without being asynchronous themselves.

Its databases stay open: to open one takes longer than most of what is done in it.
"""

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from server.core.database import Database

TIMEOUT_S = 120.0
Result = TypeVar("Result")

_databases: dict[str, Database] = {}


def run_in_loop(work: Coroutine[Any, Any, Result]) -> Result:
    """The result of a coroutine, also for a caller that runs in an event loop of its own."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result(TIMEOUT_S)


async def database_of(url: str) -> Database:
    """The database at this address, open. Only for coroutines that `run_in_loop` runs."""
    if url not in _databases:
        database = Database(url, pool_size=1)
        await database.open()
        _databases[url] = database
    return _databases[url]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tests", daemon=True).start()
    return loop
