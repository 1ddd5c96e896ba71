"""Processes that go on: they say once that they are ready, and a data dir has one demo at a time."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from server.commands.data_dir import only_demo
from server.core.errors import Conflict
from tests.installation import Installation
from tests.servers import STOP_TIMEOUT_S, free_port, is_ready
from tests.standins.openai_server import running
from tests.waiting import await_that

HOLD = """
import sys
from pathlib import Path
from server.commands.data_dir import only_demo
with only_demo(Path(sys.argv[1]), "http://127.0.0.1:1/demo"):
    print("held", flush=True)
    sys.stdin.read()
"""

Started = Callable[..., "subprocess.Popen[str]"]


def first_line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().rstrip("\n")


@pytest.mark.parametrize("workers", [1, 2])
def test_serve_says_where_it_answers(installation: Installation, started: Started, workers: int) -> None:
    port = free_port()
    process = started(
        "serve", "--port", str(port), "--workers", str(workers), AISLE_DATA_DIR=str(installation.data_dir)
    )
    assert first_line(process) == f"Aisle is ready at http://127.0.0.1:{port}"
    await_that(lambda: is_ready(f"http://127.0.0.1:{port}"), "readiness")


def test_serve_behind_a_proxy_says_both_addresses(installation: Installation, started: Started) -> None:
    port = free_port()
    public = {"AISLE_BASE_URL": "https://aisle.example", "AISLE_DATA_DIR": str(installation.data_dir)}
    process = started("serve", "--host", "0.0.0.0", "--port", str(port), **public)
    assert first_line(process) == f"Aisle is ready at https://aisle.example, listening on http://0.0.0.0:{port}"


def test_a_server_writes_json_lines_and_nothing_else(
    installation: Installation, started: Started, tmp_path: Path
) -> None:
    """Uvicorn, Litestar, the model's client and its HTTP library all have something to say."""
    port = free_port()
    with running() as model, (tmp_path / "serve.log").open("w+") as log:
        process = started(
            *("serve", "--port", str(port)),
            log=log,
            AISLE_DATA_DIR=str(installation.data_dir),
            AISLE_BASE_URL=installation.base_url,
            AISLE_LOG_FORMAT="json",
            OPENAI_BASE_URL=model.base_url,
            OPENAI_API_KEY="sk-of-nobody",
        )
        assert first_line(process).startswith("Aisle is ready")
        with socket.create_connection(("127.0.0.1", port)) as no_http:
            no_http.sendall(b"this is no HTTP\r\n\r\n")
            no_http.settimeout(10)
            no_http.recv(100)
        shopper = installation.shopper()
        with closing(shopper.client):
            shopper.client.base_url = f"http://127.0.0.1:{port}"
            assert shopper.ask("How long do I have to return a kettle?").text
        assert model.requests()
        process.terminate()
        process.wait(45)
        log.seek(0)
        lines = [json.loads(line) for line in log]
    assert "Invalid HTTP request received." in [line["event"] for line in lines]
    assert not [line for line in lines if line["level"] not in ("info", "warning") or "httpx" in line.get("logger", "")]


def test_the_worker_says_that_it_works_and_stops_when_told(installation: Installation, started: Started) -> None:
    process = started("worker", AISLE_DATA_DIR=str(installation.data_dir))
    assert first_line(process) == "worker ready"
    process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_TIMEOUT_S) == 0


def test_the_demo_shows_its_own_words_only(installation: Installation) -> None:
    shown = (installation.data_dir / "demo.log").read_text()
    assert "Aisle is running." in shown
    for of_a_child in ("ready {", "smtp_port", "Aisle is ready", "worker ready"):
        assert of_a_child not in shown


@pytest.mark.parametrize("more", [[], ["--reset"]])
def test_a_second_demo_is_refused_and_changes_nothing(installation: Installation, more: list[str]) -> None:
    before = contents(installation.data_dir)
    refused = installation.aisle("demo", "--port", str(free_port()), "--data-dir", str(installation.data_dir), *more)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"aisle: a demo already runs in {installation.data_dir} (process {installation.process_id}, "
        f"{installation.facts['url']}); stop it first or choose another --data-dir\n"
    )
    assert contents(installation.data_dir) == before
    assert httpx.get(installation.facts["url"], timeout=10).status_code == 200


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Text and time of change of the demo's own files."""
    files = ("demo.json", "demo-shop.json", "demo.lock", "secret.key")
    return {name: ((folder / name).read_bytes(), (folder / name).stat().st_mtime_ns) for name in files}


def test_a_killed_demo_holds_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert first_line(holder) == "held"
        running = f"process {holder.pid}, http://127.0.0.1:1/demo"
        with pytest.raises(Conflict, match=running), only_demo(tmp_path, "http://127.0.0.1:2/demo"):
            pytest.fail("two demos at once")
        holder.kill()
        holder.wait(10)
    with only_demo(tmp_path, "http://127.0.0.1:3/demo"):
        assert "http://127.0.0.1:3/demo" in (tmp_path / "demo.lock").read_text()
