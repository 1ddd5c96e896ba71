"""How fast folders of documents are imported: `python -m tests.bench.document_bench`.

Method. `aisle import documents` into a new shop, as a merchant runs it: embedded PostgreSQL with fsync on, the local
embedder, this machine shared with nobody else if you can. The folder holds small Markdown, HTML and text files in
turns, each of two or three passages. It is imported, then again with nothing changed, then one file of 94 KB that
repeats a Markdown marker, then one of 92 KB of prose. Seconds are those of the import (`seconds` of its JSON) and, in
brackets, of the whole command. CPU and memory are the command's with its children: the peak is PSS, looked at five
times a second.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from server.embedded import EmbeddedServers
from tests.bench.house import command_environment, run_aisle
from tests.bench.store_bench import Watch

_TOPICS = ("returns", "delivery", "gift cards", "repairs", "sizing", "payment", "lost parcels", "wholesale")
_PLACES = ("Austria", "Belgium", "Cyprus", "Denmark", "Estonia", "France", "Greece", "Hungary", "Ireland", "Latvia")


def write_documents(folder: Path, count: int) -> None:
    """About 1 KB each, no two alike, the same on every run."""
    chance = random.Random(11)
    for number in range(count):
        title = f"{chance.choice(_TOPICS).capitalize()} in {chance.choice(_PLACES)}, case {number}"
        parts = [(f"Rule {part}", _paragraph(chance)) for part in range(1, 4)]
        match number % 3:
            case 0:
                body = "".join(f"## {name}\n\n{text}\n\n" for name, text in parts)
                (folder / f"{number:05}.md").write_text(f"# {title}\n\n{body}")
            case 1:
                body = "".join(f"<h2>{name}</h2><p>{text}</p>" for name, text in parts)
                page = f"<!doctype html><html><head><title>{title}</title></head><body><main><h1>{title}</h1>{body}"
                (folder / f"{number:05}.html").write_text(f"{page}</main></body></html>")
            case _:
                body = "\n\n".join(text for _, text in parts)
                (folder / f"{number:05}.txt").write_text(f"{title}\n{'=' * len(title)}\n\n{body}\n")


def _paragraph(chance: random.Random) -> str:
    return " ".join(
        f"Orders of {chance.choice(_TOPICS)} from {chance.choice(_PLACES)} take {chance.randrange(2, 30)} days and "
        f"cost {chance.randrange(1, 90)} EUR."
        for _ in range(4)
    )


def measure(name: str, path: Path, shop_id: str, environment: Mapping[str, str]) -> None:
    """Import, and say what it cost."""
    before, started = getrusage(RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "server.cli", "import", "documents", str(path), "--shop", shop_id, "--json"]
    with subprocess.Popen(command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        watch = Watch(process.pid)
        assert process.stdout
        result = json.loads(process.stdout.read())
    wall, after = time.monotonic() - started, getrusage(RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name}: {result['read']} files in {result['seconds']:.1f} s ({wall:.1f} s), "
        f"{result['read'] / max(result['seconds'], 0.01):.0f}/s, {result['created']} created, "
        f"{result['unchanged']} unchanged, {len(result['failed'])} failed, {result['passages']} passages, "
        f"CPU {cpu:.1f} s, peak {watch.stop():.0f} MB",
        flush=True,
    )


def main() -> None:
    """Measure in servers of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1_000)
    options = parser.parse_args()
    print(__doc__)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServers(Path(folder) / "data") as at:
        environment = command_environment(Path(folder) / "data", at.database_url, at.redis_url)
        run_aisle(environment, "migrate")
        shop_id = json.loads(run_aisle(environment, "shop", "create", "Bench", "--json"))["shop_id"]
        files = Path(folder) / "files"
        files.mkdir()
        write_documents(files, options.documents)
        for name in ("first run", "nothing changed"):
            measure(name, files, shop_id, environment)
        markers, prose = Path(folder) / "markers.md", Path(folder) / "prose.md"
        markers.write_text("[a" * 47_000)
        chance = random.Random(7)
        paragraphs = "\n\n".join(_paragraph(chance) for _ in range(500))
        prose.write_text(paragraphs[:92_000])
        measure("94 KB of markers", markers, shop_id, environment)
        measure("92 KB of prose", prose, shop_id, environment)


if __name__ == "__main__":
    main()
