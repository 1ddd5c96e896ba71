"""What a log shows, whoever writes to it: a library, Python itself or we."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.core.logging import redact_text

WRITERS = r"""
import asyncio, logging, sys, threading, warnings

from server.app import create_app
from server.core.logging import configure_logging, get_logger
from server.core.settings import load_settings
from server.embedded import Endpoints

configure_logging(sys.argv[2])
settings = load_settings({"AISLE_ENV": "demo", "AISLE_DATA_DIR": sys.argv[1]})
create_app(settings, Endpoints("postgresql://x@127.0.0.1/x", "redis://127.0.0.1:1/0"))

SECRETS = "of customer@example.com with sk_0123456789abcdefghij at https://ann:secret-word@shop.example/a"


class Quiet:
    def __repr__(self):
        return f"<Quiet {SECRETS}>"


def fail():
    within = SECRETS  # local variables are nobody's business either
    raise ValueError(f"failed {within}")


async def forgotten():
    await asyncio.wait([asyncio.create_task(asyncio.to_thread(fail))])


for name in ("some.library", "stripe", "openai", "httpx2", "aiohttp", "uvicorn.error", "asyncio", "litestar"):
    logging.getLogger(name).info("info %s", SECRETS)
logging.getLogger("some.library").warning("warned %s\nand more", SECRETS)
try:
    fail()
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    get_logger("ours").exception("ours_failed", parts=[{"text": SECRETS}], thing=Quiet())
asyncio.run(forgotten())
thread = threading.Thread(target=fail)
thread.start()
thread.join()
warnings.warn(SECRETS, UserWarning)
"""


def lines_written(style: str, folder: Path) -> str:
    run = subprocess.run(
        [sys.executable, "-c", WRITERS, str(folder), style], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    return run.stderr


def test_every_line_is_one_json_object_without_secrets(tmp_path: Path) -> None:
    written = lines_written("json", tmp_path)
    lines: list[dict[str, Any]] = [json.loads(line) for line in written.splitlines()]
    assert [(line["level"], line.get("logger")) for line in lines] == [
        ("warning", "some.library"),
        ("error", "uvicorn.error"),
        ("error", None),
        ("error", "asyncio"),
        ("error", "threading"),
        ("warning", "py.warnings"),
    ]
    blackened = "of c***@example.com with sk_01234567*** at https://ann:***@shop.example/a"
    assert lines[0]["event"] == f"warned {blackened}\nand more"
    assert lines[2]["parts"] == [{"text": blackened}]
    assert lines[2]["thing"] == f"<Quiet {blackened}>"
    for line in lines[1:5]:
        [raised] = line["exception"]
        assert (raised["exc_type"], raised["exc_value"]) == ("ValueError", f"failed {blackened}")
        assert raised["frames"][-1]["name"] == "fail"
    assert_no_secret(written)


def test_a_console_shows_the_same_without_secrets(tmp_path: Path) -> None:
    written = lines_written("console", tmp_path)
    for shown in ("warned of c***", "ASGI", "ours_failed", "thread_failed", "UserWarning: of c***", "in fail"):
        assert shown in written
    assert "info of" not in written
    assert_no_secret(written)


def assert_no_secret(written: str) -> None:
    for secret in ("customer@", "89abcdefghij", "secret-word"):
        assert secret not in written


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://127.0.0.1:8080/v1/chat", "http://127.0.0.1:8080/v1/chat"),
        ("https://u:p%40w@shop.example/x", "https://u:***@shop.example/x"),
        ("postgresql://u:p/w@host/db", "postgresql://u:***@host/db"),
        ("https://shop.example/?consumer_secret=cs_12&page=2", "https://shop.example/?consumer_secret=***&page=2"),
        ("ck_" + "a" * 40, "ck_***"),
        ("whsec_0123456789abcdef0123", "whsec_***"),
        ("sk-proj-0123456789abcdef", "sk-proj-012***"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZA==", "Authorization: Basic ***"),
        ("The Basic plan", "The Basic plan"),
        ("a.long.name+tag@mail.example", "a***@mail.example"),
        ("x" * 200_000, "x" * 200_000),
        ("pk_0123456789abcdef0123", "pk_0123456789abcdef0123"),
        ("network_request_failed in ask_for_due_syncs", "network_request_failed in ask_for_due_syncs"),
        ("shprt_0123456789abcdef0123", "shprt_***"),
        ("shpua_0123456789abcdef0123", "shpua_***"),
        ("whsec_0123+5678/abcdef0123=", "whsec_***"),
        ("authorization: bearer abc.def", "authorization: bearer ***"),
        ('{"authorization": "Bearer abc.def"}', '{"authorization": "Bearer ***"}'),
        ('{"refresh_token": "0123abc", "page": 2}', '{"refresh_token": "***", "page": 2}'),
        ("{'client_secret': '0123abc'}", "{'client_secret': '***'}"),
        ("åsa.bergström@mail.example", "å***@mail.example"),
        ("o'brien@mail.example", "o***@mail.example"),
        ("'anna@mail.example'", "'a***@mail.example'"),
        ("cs_test_0123456789abcdef0123", "cs_test_0123456789abcdef0123"),
        ("anna@bücher.example", "a***@bücher.example"),
    ],
    ids=lambda value: value[:20],
)
def test_secret_shapes(text: str, shown: str) -> None:
    assert redact_text(text) == shown
