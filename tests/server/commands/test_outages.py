"""What an operator reads when something is not there: what, where, by which setting, how to mend it; no password."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from server.commands.outages import address_of, explaining_database, why
from server.core.errors import Unavailable
from server.core.settings import load_settings
from tests.server.commands.conftest import Completed

PASSWORD = "geheim-und-lang"
KEY = "k" * 32
PROCESSES = ["serve", "worker", "migrate", "doctor"]

Aisle = Callable[..., Completed]


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is taken, so that nobody else gets it, and that nobody listens on."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.mark.parametrize("command", PROCESSES)
def test_an_unreachable_database(aisle: Aisle, closed_port: int, command: str) -> None:
    ended = aisle(
        command,
        AISLE_DATABASE_URL=f"postgresql://u:{PASSWORD}@127.0.0.1:{closed_port}/aisle",
        AISLE_REDIS_URL=f"redis://:{PASSWORD}@127.0.0.1:{closed_port}",
    )
    assert ended.returncode == 1
    assert PASSWORD not in ended.stdout + ended.stderr
    story = (
        f"cannot use the database at 127.0.0.1:{closed_port}, set by AISLE_DATABASE_URL: connection refused; "
        "start it or correct the setting\n"
    )
    if command == "doctor":
        assert f"FAIL database: {story}" in ended.stdout
        assert f"FAIL redis: {story.replace('the database', 'Redis').replace('DATABASE', 'REDIS')}" in ended.stdout
        assert ended.stderr == ""
    else:
        assert (ended.stdout, ended.stderr) == ("", f"aisle: {story}")


@pytest.mark.parametrize("command", [*PROCESSES, "demo"])
def test_a_data_dir_that_cannot_be_written(aisle: Aisle, tmp_path: Path, command: str) -> None:
    folder = tmp_path / "file" / "data"
    folder.parent.write_text("in the way")
    arguments = [command, "--data-dir", str(folder)] if command == "demo" else [command]
    ended = aisle(*arguments, AISLE_DATA_DIR=str(folder))
    assert ended.returncode == 2
    [line] = (ended.stdout + ended.stderr).splitlines()
    named_by = "--data-dir" if command == "demo" else "AISLE_DATA_DIR"
    assert f"cannot write to the data folder {folder} (set by {named_by}): Not a directory; choose one" in line


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_port_in_use(aisle: Aisle, tmp_path: Path, command: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        place = ["--data-dir", str(tmp_path / "data")] if command == "demo" else []
        ended = aisle(command, "--port", str(port), *place)
    assert (ended.returncode, ended.stdout) == (1, "")
    [line] = ended.stderr.splitlines()
    assert f"port {port}" in line
    assert "in use; stop the program that uses it or choose another --port" in line
    assert not (tmp_path / "data" / "servers").exists(), "the servers were started for nothing"


def test_a_host_of_another_machine(aisle: Aisle) -> None:
    ended = aisle("serve", "--host", "203.0.113.9")
    assert ended.returncode == 2
    assert ended.stderr == "aisle: 203.0.113.9 is not an address of this machine; choose another --host\n"


def test_doctor_warns_of_codes_that_cannot_be_sent(aisle: Aisle, closed_port: int) -> None:
    nowhere = {
        "AISLE_DATABASE_URL": f"postgresql://127.0.0.1:{closed_port}/aisle",
        "AISLE_REDIS_URL": f"redis://127.0.0.1:{closed_port}",
    }
    without = aisle("doctor", **nowhere).stdout
    assert "warn mail: AISLE_SMTP_URL is not set" in without
    silent = aisle("doctor", **nowhere, AISLE_SMTP_URL=f"smtp://127.0.0.1:{closed_port}").stdout
    assert f"at 127.0.0.1:{closed_port}, set by AISLE_SMTP_URL" in silent
    assert "FAIL mail" in silent


@pytest.mark.parametrize(
    ("environment", "base_url", "proxies", "line"),
    [
        ("production", "https://aisle.example", "0", "warn proxies: AISLE_TRUSTED_PROXIES is 0"),
        ("production", "https://aisle.example", "2", "ok   proxies: 2 trusted"),
        ("production", "http://aisle.example", "0", "ok   proxies: 0 trusted"),
        ("demo", "https://aisle.example", "0", "ok   proxies: 0 trusted"),
    ],
)
def test_doctor_warns_of_a_proxy_that_nobody_counted(
    aisle: Aisle, closed_port: int, environment: str, base_url: str, proxies: str, line: str
) -> None:
    ended = aisle(
        "doctor",
        AISLE_ENV=environment,
        AISLE_SECRET_KEY=KEY,
        AISLE_BASE_URL=base_url,
        AISLE_TRUSTED_PROXIES=proxies,
        AISLE_DATABASE_URL=f"postgresql://127.0.0.1:{closed_port}/aisle",
        AISLE_REDIS_URL=f"redis://127.0.0.1:{closed_port}",
    )
    assert line in ended.stdout


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://u:p@db.example/aisle", "db.example:5432"),
        ("postgresql://u:p@[::1]:6000/aisle", "[::1]:6000"),
        ("postgresql:///aisle?host=/run/postgresql&password=p", "its local socket"),
        ("unix:///run/redis.sock", "/run/redis.sock"),
    ],
)
def test_an_address_without_what_is_secret(url: str, address: str) -> None:
    assert address_of(url, 5432) == address


def test_the_reason_in_words() -> None:
    assert why(socket.gaierror(-2, "Name or service not known")) == "its host name is unknown"
    assert why(TimeoutError()) == "no response in time"
    assert why(asyncpg.InvalidPasswordError("for user u")) == "it rejects the role or the password"
    assert why(asyncpg.InvalidCatalogNameError("x")) == "it has no database of this name"


def test_the_app_roles_own_address_is_named() -> None:
    settings = load_settings(
        {
            "AISLE_SECRET_KEY": KEY,
            "AISLE_DATABASE_URL": "postgresql://owner.example/aisle",
            "AISLE_APP_DATABASE_URL": f"postgresql://app:{PASSWORD}@app.example/aisle",
        }
    )
    refused = ConnectionRefusedError(111, "refused")
    app, owner = "app.example:5432, set by AISLE_APP_DATABASE_URL", "owner.example:5432, set by AISLE_DATABASE_URL"
    with pytest.raises(Unavailable, match=app), explaining_database(settings):
        raise refused
    with pytest.raises(Unavailable, match=owner), explaining_database(settings, as_owner=True):
        raise refused


def test_what_a_database_that_answers_says_stays() -> None:
    settings = load_settings({"AISLE_SECRET_KEY": KEY})
    with pytest.raises(Unavailable, match="run `aisle migrate`"), explaining_database(settings):
        try:
            raise ValueError("unknown type")
        except ValueError:
            raise Unavailable("no schema yet; run `aisle migrate`") from None


@pytest.mark.parametrize(
    "command", [("migrate",), ("billing", "setup"), ("member", "list", "--shop", "1")], ids=" ".join
)
def test_a_misspelt_setting_is_named(aisle: Aisle, closed_port: int, command: tuple[str, ...]) -> None:
    database = f"postgresql://aisle@127.0.0.1:{closed_port}/aisle"
    ended = aisle(
        *command, AISLE_DATABASE_URL=database, AISLE_REDIS_URL="redis://127.0.0.1:1", AISLE_APP_ROL="shop_app"
    )
    assert ended.returncode != 0
    assert "AISLE_APP_ROL (did you mean AISLE_APP_ROLE?)" in ended.stderr
