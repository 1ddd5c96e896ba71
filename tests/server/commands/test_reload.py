"""What `--reload` watches."""

import os
from pathlib import Path

import pytest
import uvicorn

from server.commands.reload import SOURCES, SourceReload


def reloader(folder: Path) -> SourceReload:
    config = uvicorn.Config("x:y", reload=True, reload_dirs=[str(folder)], reload_delay=0, log_config=None)
    return SourceReload(config, lambda sockets: None, [])


@pytest.mark.parametrize("name", ["service.py", "page.html", "words.toml", "search.sql", "console.css", "console.js"])
def test_a_change_of_a_source_file_is_seen(tmp_path: Path, name: str) -> None:
    (file := tmp_path / name).touch()
    watching = reloader(tmp_path)
    assert watching.should_restart() is None
    newer = file.stat().st_mtime + 1
    os.utime(file, (newer, newer))
    assert watching.should_restart() == [file]


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "module.pyc").touch()
    assert list(reloader(tmp_path).iter_py_files()) == []


def test_the_products_folders_are_watched() -> None:
    assert [Path(folder).name for folder in SOURCES if Path(folder).is_dir()] == ["server", "integrations", "billing"]
