"""The loader: a language says exactly what English says, and what is wrong is named by file and key."""

from pathlib import Path

import pytest
from msgspec import Struct

from server.languages import LANGUAGES, load_records


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    hello: str
    labels: dict[str, str]


GOOD = """
hello = "Hello {name}"
[labels]
sent = "Sent"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
        (tmp_path / language / "words.toml").write_text(GOOD, "utf-8")
    return tmp_path


def test_a_file_is_read_in_every_language(folder: Path) -> None:
    records = load_records("words.toml", Words, folder)
    assert tuple(records) == LANGUAGES
    assert records["tr"] == Words("Hello {name}", {"sent": "Sent"})


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (GOOD.replace("hello =", "hallo ="), "hallo"),
        (GOOD.replace('hello = "Hello {name}"', ""), "hello"),
        (GOOD.replace("{name}", "{title}"), "hello"),
        (GOOD.replace("{name}", ""), "hello"),
        (GOOD.replace("{name}", "{name"), "hello"),
        (GOOD.replace('"Hello {name}"', "7"), "hello"),
        (GOOD.replace('"Sent"', '" "'), "labels.sent"),
        (GOOD.replace("sent =", "gone ="), "labels.gone"),
        (GOOD.replace('sent = "Sent"', ""), "labels.sent"),
        (GOOD.replace("[labels]", "[labels"), "line 3"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(folder: Path, text: str, key: str) -> None:
    path = folder / "sv" / "words.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError) as caught:
        load_records("words.toml", Words, folder)
    assert str(path) in str(caught.value)
    assert key in str(caught.value)


def test_a_missing_file_is_named(folder: Path) -> None:
    path = folder / "pl" / "words.toml"
    path.unlink()
    with pytest.raises(ValueError, match="pl") as caught:
        load_records("words.toml", Words, folder)
    assert str(path) in str(caught.value)
