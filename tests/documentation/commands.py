"""docs/commands.md, from the click commands of `server.cli`."""

from collections.abc import Iterator

import click

from server.cli import main
from tests.documentation.markdown import Undescribed, code, page, table


def commands(group: click.Group, path: tuple[str, ...] = ("aisle",)) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def render() -> str:
    """The page. Raises Undescribed for a command or an option without help."""
    found = list(commands(main))
    return page(
        "Commands",
        "`server/cli.py`",
        "Settings come from the environment: see [settings](settings.md). Every command takes `--help`. `aisle --debug "
        "COMMAND` shows tracebacks, and `aisle --version` prints the version. The exit code is 0 when all went well, 1 "
        "when the command failed, and 2 when it was used wrongly or a setting cannot be used. An import that could "
        "read some of its files or rows exits with 0 and names the others.",
        table(
            ["command", "what it does"], [(f"[`{name}`](#{_anchor(name)})", _help(name, each)) for name, each in found]
        ),
        *(_section(name, command) for name, command in found),
    )


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _help(name: str, command: click.Command) -> str:
    if not command.help:
        raise Undescribed(f"`{name}` has no help")
    return " ".join(command.help.split())


def _section(name: str, command: click.Command) -> str:
    arguments = [
        each.make_metavar(click.Context(command)) for each in command.params if isinstance(each, click.Argument)
    ]
    usage = " ".join([name, *arguments, *(_required(each) for each in command.params if _is_required_option(each))])
    options = [_option(name, each) for each in command.params if isinstance(each, click.Option)]
    blocks = [f"## {name}", _help(name, command), f"    {usage}"]
    return "\n\n".join([*blocks, table(["option", "meaning", "default"], options)] if options else blocks)


def _is_required_option(parameter: click.Parameter) -> bool:
    return isinstance(parameter, click.Option) and parameter.required


def _required(option: click.Parameter) -> str:
    return f"{option.opts[0]} {_metavar(option)}"


def _metavar(option: click.Parameter) -> str:
    words = {"INTEGER RANGE": "NUMBER", "DIRECTORY": "FOLDER"}
    shown = option.make_metavar(click.Context(main))
    return words.get(shown, shown)


def _option(name: str, option: click.Option) -> tuple[str, str, str]:
    if not option.help:
        raise Undescribed(f"`{name} {option.opts[0]}` has no help")
    value = "" if option.is_flag else f" {_metavar(option)}"
    has_default = not option.is_flag and not option.required and isinstance(option.default, str | int)
    return code(f"{option.opts[0]}{value}"), option.help, code(str(option.default)) if has_default else ""
