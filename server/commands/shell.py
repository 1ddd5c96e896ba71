"""`aisle shell`: a Python prompt with the services of one shop, with `await` at the top level."""

import ast
import asyncio
import code
import inspect
import readline
import rlcompleter
import threading
import traceback
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from types import CodeType, FunctionType
from typing import Any, TypeVar

import uvloop

from server.commands.context import opened_services, operator_settings, require_shop, warn_of_unknown_settings
from server.core.connection_budget import COMMAND_CONNECTIONS
from server.embedded.endpoints import endpoints
from server.migrations.fit import require_fit
from server.wiring import Services

PRIMER = """Aisle's services for the shop “{shop}”. Names: {names}.
Coroutines need `await`, for example: await catalog.list_after(shop_id, "", 5)
Ctrl-D ends the shell."""

T = TypeVar("T")


def run_shell(shop_id: str) -> None:
    """Read and run Python until the end of input. Raises Invalid for a shop that does not exist."""
    settings = operator_settings()
    warn_of_unknown_settings()
    with endpoints(settings) as at, _background_loop() as loop:
        opened = AsyncExitStack()
        services = _call(
            loop, opened.enter_async_context(opened_services(settings, at, connections=COMMAND_CONNECTIONS))
        )
        try:
            names = _call(loop, shell_names(services, shop_id))
            shown = ", ".join(sorted(name for name in names if name != "__name__"))
            primer = PRIMER.format(shop=names["shop"].name, names=shown)
            AsyncConsole(names, loop).interact(banner=primer, exitmsg="")
        finally:
            _call(loop, opened.aclose())


async def shell_names(services: Services, shop_id: str) -> dict[str, Any]:
    """What the prompt knows: every service under the name of its field in Services, the shop and its id.

    Raises Invalid for a shop that does not exist, Unavailable for a database whose schema does not fit."""
    await require_fit(services.database)
    found = await require_shop(services, shop_id)
    fields = {name: getattr(services, name) for name in services.__struct_fields__}
    return fields | {
        "__name__": "__console__",
        "services": services,
        "shop": await services.shops.profile(found),
        "shop_id": found,
    }


class AsyncConsole(code.InteractiveConsole):
    """A prompt in this thread whose code runs on an event loop in another, as `python -m asyncio` does it."""

    def __init__(self, names: Mapping[str, object], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(dict(names))
        self._loop = loop
        self.compile.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        readline.set_completer(rlcompleter.Completer(self.locals).complete)
        readline.parse_and_bind("tab: complete")

    def runcode(self, code: CodeType) -> None:
        """Run one statement to its end. Ctrl-C cancels it; `exit()` raises SystemExit."""
        running = asyncio.run_coroutine_threadsafe(self._run(code), self._loop)
        try:
            raised = running.result()
        except KeyboardInterrupt:
            running.cancel()
            raise
        if isinstance(raised, SystemExit):
            raise raised
        if raised:
            own = raised.__traceback__.tb_next if raised.__traceback__ else None
            self.write("".join(traceback.format_exception(raised.with_traceback(own))))

    async def _run(self, code: CodeType) -> BaseException | None:
        """What the statement raised. It is returned because SystemExit would end the loop's thread."""
        try:
            value = FunctionType(code, self.locals)()
            if inspect.iscoroutine(value):
                await value
        except BaseException as raised:
            return raised
        return None


@contextmanager
def _background_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread, so that this one is free for the prompt and its Ctrl-C."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="services")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _call(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run_coroutine_threadsafe(work, loop).result()
