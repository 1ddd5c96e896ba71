"""What `aisle import documents` finds under the paths it is given: each is imported or named as a failure."""

from pathlib import Path

import pytest

from server.commands import imports
from server.knowledge.document_import import IncomingFile
from server.knowledge.models import FailedFile


def found(*paths: Path) -> list[IncomingFile | FailedFile]:
    return [imports._read(name, file) for path in paths for name, file in sorted(imports._files(path))]


def test_a_folders_files_are_named_from_the_folder(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "returns.md").write_text("# Returns")
    (tmp_path / ".hidden").write_text("not for shoppers")
    assert found(tmp_path) == [IncomingFile(name="policies/returns.md", data=b"# Returns")]


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    assert found(tmp_path) == [FailedFile(str(tmp_path), "the folder has no files to import")]


def test_links_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "gone.md").symlink_to(tmp_path / "gone.md")
    (tmp_path / "shop" / "more").symlink_to(tmp_path / "elsewhere")
    assert found(tmp_path / "shop") == [
        FailedFile("gone.md", "the link leads to no file"),
        FailedFile("more", "links to folders are not followed"),
    ]


def test_a_file_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_DOCUMENT_BYTES", 1)
    (tmp_path / "long.md").write_text("long")
    assert found(tmp_path / "long.md") == [FailedFile("long.md", "the file is larger than 0 MB; split it")]
