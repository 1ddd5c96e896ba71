"""The benchmark: `make bench` (some minutes) or `make bench ARGS=--full` (everything)."""

import argparse
import asyncio
import contextlib
import itertools
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import uvloop

from tests.bench import seeding
from tests.bench.corpus import questions
from tests.bench.house import ANSWER_TOKENS, Api, House, Shop, open_house
from tests.bench.load import connect, hold_streams, open_sessions, run_turns, sessions_needed, turn_request
from tests.bench.processes import cpu_ms, usage
from tests.bench.report import HEADER, Costs, line

METHOD = """\
Method. One API process for each driver (`aisle serve`), embedded PostgreSQL with fsync on, embedded Redis, the local
embedder; the model is a local server of OpenAI's wire that answers at once with {tokens} tokens, which quote the
material in its prompt, so the model's own time is out. Visitors ask, read to the end and ask again, {turns} turns a
line after a warm-up, four to a session, engine and model in turns. An answer counts when it has text, ends with [DONE],
was made by the driver in question and is no refusal to quote a figure; any other ends the run with an error. The first
text is the first text-delta as the client reads it. CPU is that of the process family (children included) over turns;
"API MB" is PSS after the run. "new questions" are such as nobody asked before; elsewhere 200 questions go round, so
their vectors are in the cache. Load generator and model share the {cores} cores with the servers. Compare ratios of one
run, never across machines."""
DISTINCT_QUESTIONS = 200
AT_ONCE = (1, 10, 50)
IDLE_TURNS = 100
SLOW_TOKEN_MS = 5_000


class Bench:
    """Runs measurements and prints a line for each."""

    def __init__(self, house: House, turns: int) -> None:
        self._house, self._turns = house, turns
        self.errors = 0
        self._fresh = iter(questions(20_000))
        self._known = [next(self._fresh) for _ in range(DISTINCT_QUESTIONS)]

    async def compare(self, label: str, shop: Shop, at_once: tuple[int, ...] = AT_ONCE) -> None:
        """Both drivers, in turns, with known and with new questions, at each of these numbers of visitors."""
        for api in self._house.apis.values():
            await self._turns_of(api, shop, self._known, 10)
        for visitors in at_once:
            turns = self._turns if visitors > 1 else max(40, self._turns // 3)
            known = list(itertools.islice(itertools.cycle(self._known), turns))
            for api in self._house.apis.values():
                await self._measure(f"{api.name}, {label}", api, shop, known, visitors)
            for api in self._house.apis.values():
                new = list(itertools.islice(self._fresh, turns))
                await self._measure(f"{api.name}, {label}, new questions", api, shop, new, visitors)

    async def idle_streams(self, shop: Shop, count: int) -> None:
        """Readers of answers that are being written very slowly: memory a stream, and how many stay open."""
        api = self._house.apis["model"]
        self._house.standin.configure(token_ms=SLOW_TOKEN_MS)
        try:
            sessions = await open_sessions(api.port, shop.publishable_key, shop.secret_key, IDLE_TURNS)
            writers = [await connect(api.port) for _ in sessions]
            for writer, session in zip(writers, sessions, strict=True):
                writer.send(turn_request(session, self._known[0]), b"data:")
            await asyncio.gather(*(writer.marked() for writer in writers))
            before = usage(api.pid)
            readers = await hold_streams(api.port, sessions, count)
            after = usage(api.pid)
            open_now = [reader for reader in readers if reader.transport]
            print(
                f"idle streams: {count} asked, {len(readers)} got their first event, {len(open_now)} open at the end; "
                f"{(after.pss_kb - before.pss_kb) / max(1, len(open_now)):.1f} KB each "
                f"({before.pss_kb // 1024} -> {after.pss_kb // 1024} MB)"
            )
            for exchange in (*writers, *readers):
                if exchange.transport:
                    exchange.transport.abort()
        finally:
            self._house.standin.configure(token_ms=0)

    async def _turns_of(self, api: Api, shop: Shop, asked: list[str], at_once: int) -> None:
        needed = sessions_needed(len(asked), at_once)
        sessions = await open_sessions(api.port, shop.publishable_key, shop.secret_key, needed)
        await run_turns(api.port, sessions, asked, at_once, api.name)

    async def _measure(self, what: str, api: Api, shop: Shop, asked: list[str], at_once: int) -> None:
        needed = sessions_needed(len(asked), at_once)
        sessions = await open_sessions(api.port, shop.publishable_key, shop.secret_key, needed)
        roots = (api.pid, self._house.postgres_pid, self._house.redis_pid)
        before = [cpu_ms(root) for root in roots]
        sample = await run_turns(api.port, sessions, asked, at_once, api.name)
        self.errors += sample.errors.total()
        spent = [(cpu_ms(root) - start) / len(asked) for root, start in zip(roots, before, strict=True)]
        print(line(what, at_once, sample, Costs(*spent, api_mb=usage(api.pid).pss_kb / 1024)), flush=True)


async def run(house: House, options: argparse.Namespace) -> int:
    """Print the method, then every line; how many turns were no answers."""
    print(METHOD.format(turns=options.turns, tokens=ANSWER_TOKENS, cores=os.cpu_count()) + "\n")
    shop = house.create_shop(1_000)
    bench = Bench(house, options.turns)
    print(HEADER)
    await bench.compare("1,000 products", shop)
    if options.full:
        big = house.create_shop(26_000)
        await bench.compare("26,000 products", big)
        await seeding.add_conversations(house.owner_url, shop.shop_id, 50_000)
        await bench.compare("and 50,000 conversations", shop)
        await seeding.add_neighbours(house.owner_url, 1_000)
        await bench.compare("1,000 products, 1,000 neighbours", shop)
        await bench.compare("26,000, 1,000 neighbours", big)
    await bench.idle_streams(shop, options.streams)
    return bench.errors


@contextlib.contextmanager
def _folder(given: str | None) -> Iterator[Path]:
    if given:
        Path(given).mkdir(parents=True, exist_ok=True)
        yield Path(given).absolute()
        return
    with tempfile.TemporaryDirectory(prefix="aisle-bench-") as folder:
        yield Path(folder)


def _raise_open_files(wanted: int) -> None:
    """Ten thousand streams are as many sockets, on both sides; the API inherits the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = max(soft, min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def main() -> int:
    """Parse the command line and run; 1 when what was timed were not all answers."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also 26,000 products, neighbours and old conversations")
    parser.add_argument("--turns", type=int, default=200, help="turns a line (200)")
    parser.add_argument("--streams", type=int, default=10_000, help="idle streams (10000)")
    parser.add_argument("--data-dir", help="keep the installation here and use it again (default: a fresh one)")
    options = parser.parse_args()
    _raise_open_files(2 * options.streams + 1_000)
    with _folder(options.data_dir) as folder, open_house(folder) as house:
        errors = uvloop.run(run(house, options))
    if errors:
        print(f"{errors} turns were no answers: the figures above are not to be quoted", file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
