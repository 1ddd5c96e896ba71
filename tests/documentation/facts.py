"""What documents may name: routes, commands, settings, targets, layers, modules."""

import importlib
import re
import shlex
import tomllib
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import click
from litestar import Litestar

from server.cli import main
from server.core.variables import DEVELOPERS, VARIABLES

SERVER_LAYERS = "the house: who may import whom inside the server"
FEATURE_LAYERS = "a feature: HTTP above the service, the service above SQL"
ANYTHING = "{}"


@cache
def routes() -> frozenset[tuple[str, str]]:
    """(method, path) of every route, with {} for each parameter. No server is needed: nothing is opened."""
    from server.app import create_app
    from server.core.settings import load_settings
    from server.embedded import Endpoints

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        app: Any = create_app(load_settings({"AISLE_SECRET_KEY": "x" * 32}), Endpoints("", ""))
    while not isinstance(app, Litestar):  # what stands around it
        app = app._app
    return frozenset((method, _plain(route.path_format)) for route in app.routes for method in route.methods)


def has_route(method: str | None, path: str) -> bool:
    """Whether there is such a route, or one below it; `path` may end in `*`, which stands for anything."""
    path = _plain(path.split("?")[0])
    known = {path for allowed, path in routes() if method in (None, allowed)}
    if path.endswith("*"):
        return any(each.startswith(path[:-1]) for each in known)
    return any(re.fullmatch(re.escape(each).replace(re.escape(ANYTHING), ".+"), path) for each in known) or (
        method is None and any(each.startswith(f"{path}/") for each in known)
    )


def _plain(path: str) -> str:
    return re.sub(r"\{[^}]*\}", ANYTHING, path)


def wrong_command(line: str) -> str | None:
    """What is wrong with a command line that begins with `aisle`; None when it exists with all its options."""
    try:
        words = shlex.split(line.replace("|", " ").split("#")[0])[1:]
    except ValueError:
        return "cannot be read"
    command: click.Command = main
    options = {option for each in main.params for option in each.opts}
    for word in words:
        if word in ("&", "&&"):
            break
        if isinstance(command, click.Group) and not word.startswith("-") and word.islower():
            if word not in command.commands:
                return f"there is no `{word}`"
            command = command.commands[word]
            options |= {option for each in command.params for option in each.opts} | {"--help", "-h"}
        elif word.startswith("--") and word.split("=")[0] not in options:
            return f"there is no {word}"
    return None


def settings() -> frozenset[str]:
    """Names of environment variables that may stand in a document."""
    return frozenset({variable.name for variable in VARIABLES} | DEVELOPERS)


def targets(root: Path) -> frozenset[str]:
    """The targets of the Makefile."""
    return frozenset(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.M))


def layers(root: Path, contract: str) -> str:
    """The layers of an import contract on one line, from the top: `a > b | c > d`."""
    configuration = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]
    for each in configuration["contracts"]:
        if each["name"] == contract:
            return re.sub(r"[()]", "", " > ".join(each["layers"]))
    raise LookupError(contract)


def has_name(dotted: str) -> bool:
    """Whether a dotted name is a module or what a module holds."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False
