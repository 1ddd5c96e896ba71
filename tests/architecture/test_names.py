"""Names use the words of the field, and one word for one thing: words that once stood for something else stay out.

`names_to_mend.txt` lists names that still wait for a better one. It may only get shorter: a new name with a banned word
fails here, and so does a listed name that is gone. `python -m tests.architecture.test_names` prints what belongs there.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documentation.log_calls import calls_in

ROOT = Path(__file__).parents[2]
TO_MEND = Path(__file__).with_name("names_to_mend.txt")
SOURCES = ("server", "integrations", "billing")
WIDGET = "widget/src"

INSTEAD = {
    "album": "image cache",
    "asked": "query, request or parsed terms",
    "board": "store",
    "desk": "service",
    "forget": "invalidate for a cache, erase for a person",
    "forgotten": "invalidated for a cache, erased for a person",
    "give back": "release",
    "give way": "lower the priority",
    "going on": "what is logged, retried or continued",
    "held": "locked, reserved or stored",
    "hold": "lock, reserve or store",
    "holds": "has, contains or locks",
    "keep": "store, save or retain",
    "keeper": "supervisor",
    "keeps": "stores, saves or retains",
    "kept": "stored, saved or retained",
    "let go": "release or cancel",
    "look again": "reload",
    "look around": "enqueue what is due",
    "pace": "constant time, rate or budget",
    "put off": "defer",
    "remembered": "cached",
    "room": "capacity",
    "rounds": "schedule",
    "sought": "query",
    "tell": "send, report or notify",
    "telling": "notifications",
    "tells": "sends, reports or notifies",
    "told": "sent, reported or notified",
    "tray": "attachments",
    "wake": "notify",
}
"""Words that no name has, and what to say instead. Two words mean one after the other."""

ALLOWED = {
    "forget shopper": "to erase a person, as the route and the privacy page say",
    "is held": "locks are held, in every book about them",
    "on hold": "an order's status, as WooCommerce and merchants call it",
    "keep alive": "what HTTP and server-sent events call the sign of life on an idle connection",
    "tell apart": "to distinguish",
}
"""Terms of the field that have such a word."""


COMPATIBLE = {"server/embedded/keeper.py keeper": "processes of earlier releases start this module during an upgrade"}
"""Names that stay because something outside this checkout uses them."""


def words_of(name: str) -> str:
    """The words of a name, with spaces around each: `WakeUp.put_off` is " wake up put off "."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", " ", name)
    return f" {' '.join(parted.lower().split())} "


def banned_in(name: str) -> list[str]:
    """The banned words in a name."""
    words = words_of(name)
    for term in ALLOWED:
        words = words.replace(f" {term} ", " ")
    return [word for word in INSTEAD if f" {word} " in words]


def names_in(root: Path) -> Iterator[tuple[str, str]]:
    """(place, name) of every module, class, function and log event of the product, and of the widget's modules."""
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            place, text = path.relative_to(root).as_posix(), path.read_text()
            yield place, path.parent.name if path.stem == "__init__" else path.stem
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                    yield place, node.name
            yield from ((place, call.event) for call in calls_in(text, place) if call.event)
    for path in sorted((root / WIDGET).rglob("*.ts")):
        yield path.relative_to(root).as_posix(), path.name.split(".")[0]


def offenders(root: Path) -> list[str]:
    """Names with a banned word, one a line."""
    return sorted({f"{place} {name}" for place, name in names_in(root) if banned_in(name)} - COMPATIBLE.keys())


def test_no_name_has_a_banned_word() -> None:
    waiting = TO_MEND.read_text().splitlines()
    found = offenders(ROOT)
    new = [f"{line}: say {INSTEAD[banned_in(line.split()[1])[0]]}" for line in found if line not in waiting]
    assert not new, "\n".join(new)
    gone = [line for line in waiting if line not in found]
    assert not gone, "take these out of names_to_mend.txt:\n" + "\n".join(gone)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("OrderDesk", ["desk"]),
        ("give_way", ["give way"]),
        ("code_put_off", ["put off"]),
        ("ON_HOLD", []),
        ("threshold", []),
        ("keep_alive_s", []),
        ("way_to_give", []),
    ],
)
def test_words_are_found_whole(name: str, found: list[str]) -> None:
    assert banned_in(name) == found


if __name__ == "__main__":
    print("\n".join(offenders(ROOT)))
