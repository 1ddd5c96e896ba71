"""The command line itself: help, wrong usage, and errors as one line."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from server.cli import AisleGroup, in_words, main
from server.core.errors import ConfigurationError, FieldError, Invalid
from server.shops.origins import require_origins


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of a group's commands, groups included."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


@pytest.mark.parametrize("path", list(commands(main)), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_explains_itself(path: tuple[str, ...], option: str) -> None:
    shown = CliRunner().invoke(main, [*path, option])
    assert shown.exit_code == 0
    assert shown.output.startswith("Usage:")
    assert "aisle: " not in shown.output


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).exit_code == 0


@pytest.mark.parametrize(
    "wrong",
    [
        ["nonsense"],
        ["demo", "--port", "0"],
        ["member", "add"],
        ["shop", "create"],
        ["ask", "", "--shop", "x"],
        ["ask", " \n", "--shop", "x"],
        ["crawl", "nonsense", "--shop", "x"],
        ["crawl", "shop.example", "--shop", "x"],
        ["crawl", "https://", "--shop", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_apart(wrong: list[str]) -> None:
    ended = CliRunner().invoke(main, wrong)
    assert ended.exit_code == 2
    usage, line = ended.stderr.splitlines()
    assert usage.startswith("Usage:")
    assert line.startswith("aisle: ")


@pytest.mark.parametrize("group", [[], ["shop"], ["member"], ["import"], ["billing"]])
def test_a_group_without_a_command_prints_its_help_once(group: list[str]) -> None:
    ended = CliRunner().invoke(main, group)
    assert ended.exit_code == 2
    assert ended.output.startswith("Usage:")
    assert ended.output.count("Usage:") == 1
    assert "aisle: " not in ended.output


def failing(reason: BaseException) -> click.Group:
    """An `aisle` whose only command fails."""

    @click.group(cls=AisleGroup)
    @click.option("--debug", is_flag=True)
    def group(debug: bool) -> None:
        """As `aisle` is."""

    @group.command()
    def fail() -> None:
        raise reason

    return group


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (ConfigurationError("AISLE_ENV is odd"), 2),
        (Invalid("no", errors=(FieldError("name", "must not be empty"),)), 1),
        (RuntimeError("two\nlines"), 1),
        (KeyError("never thought of"), 1),
        (click.Abort(), 1),
    ],
)
def test_an_error_is_one_line(reason: BaseException, code: int) -> None:
    ended = CliRunner().invoke(failing(reason), ["fail"])
    assert ended.exit_code == code
    assert len(ended.stderr.strip().splitlines()) == 1
    assert ended.stderr.startswith("aisle: ")
    assert "Traceback" not in ended.output


def test_an_unexpected_error_tells_no_secret() -> None:
    ended = CliRunner().invoke(failing(OSError("lost postgresql://aisle:geheim@db.example/aisle")), ["fail"])
    assert "geheim" not in ended.output
    assert "OSError: lost" in ended.stderr


def test_debug_shows_everything() -> None:
    reason = RuntimeError("deep inside")
    assert CliRunner().invoke(failing(reason), ["--debug", "fail"]).exception is reason


def test_a_wrong_origin_reads_as_sentences() -> None:
    with pytest.raises(Invalid) as refused:
        require_origins(("https://fern.example", "http://x/y"))
    assert in_words(refused.value) == (
        "Some origins are not valid; nothing was changed. "
        "'http://x/y' is not an origin; write https://shop.example, nothing after it"
    )


def test_a_wrong_field_is_named() -> None:
    reason = Invalid("there is no shop 1", errors=(FieldError("--shop", "give an id"),))
    assert in_words(reason) == "there is no shop 1; --shop: give an id"
