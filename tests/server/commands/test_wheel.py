"""Aisle where it is installed as a package: without its checkout, from another folder."""

import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from tests.commands import environment_with
from tests.conftest import ROOT
from tests.installation import Installation
from tests.servers import STOP_TIMEOUT_S, free_port

UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel of this checkout; the packages it depends on are those of this environment, which
    are only looked at, so that nothing is fetched and no `.pth` leads back to the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    environment = folder / "environment"
    run(UV, "build", "--quiet", "--wheel", "--offline", "--no-build-isolation", "--out-dir", folder, ROOT)
    run(UV, "venv", "--quiet", "--offline", "--python", sys.executable, environment)
    [wheel] = folder.glob("*.whl")
    run(UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--python", environment / "bin" / "python", wheel)
    [packages] = environment.glob("lib/python3.*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment


@pytest.fixture(scope="module")
def demo(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """`aisle demo` of that environment."""
    folder, port = tmp_path_factory.mktemp("elsewhere"), free_port()
    command = [str(installed / "bin" / "aisle"), "demo", "--port", str(port), "--data-dir", str(folder / "data")]
    with (folder / "demo.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment_with({}), stdout=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdout
        with process.stdout as shown:
            try:
                if not any("Aisle is running." in line for line in shown):
                    pytest.fail((folder / "demo.log").read_text())
                facts = httpx.Response(200, content=(folder / "data" / "demo.json").read_bytes()).json()
                yield Installation(facts, folder / "data", process.pid, owner_url="")
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(STOP_TIMEOUT_S)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a program prints."""
    return subprocess.run(
        command, cwd=cwd, env=environment_with({}), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def test_the_code_is_the_wheels(installed: Path, tmp_path: Path) -> None:
    where = "import billing, integrations, server; print(*(each.__file__ for each in (billing, integrations, server)))"
    files = run(installed / "bin" / "python", "-c", where, cwd=tmp_path).split()
    assert all(Path(file).is_relative_to(installed) for file in files)
    assert run(installed / "bin" / "aisle", "--version", cwd=tmp_path).strip().endswith(version("aisle"))


@pytest.mark.exhaustive
def test_it_serves_the_widget_the_console_and_the_demo(demo: Installation) -> None:
    with httpx.Client(base_url=demo.base_url, timeout=30) as client:
        assert client.get("/widget.js").raise_for_status().content == (ROOT / "cdn" / "widget.js").read_bytes()
        frame = client.get("/frame", params={"key": demo.facts["publishable_key"]}).raise_for_status().text
        for asset in (ROOT / "cdn" / "assets").iterdir():
            if asset.name in frame:
                assert client.get(f"/assets/{asset.name}").raise_for_status().content == asset.read_bytes()
        signed_out = client.get("/console", follow_redirects=True).raise_for_status()
        assert "Sign in" in signed_out.text
        assert "Tarnwick" in client.get("/demo").raise_for_status().text
        assert client.get(f"{demo.facts['mailbox_url']}/messages.json").json() == {"messages": []}
    shopper = demo.shopper()
    with closing(shopper.client):
        assert "Returns and exchanges" in shopper.ask("How long do I have to return something?").sources


@pytest.mark.parametrize("standin", ["shopify_server", "woocommerce_server", "stripe_server"])
def test_the_demos_other_servers_are_in_it(installed: Path, tmp_path: Path, standin: str) -> None:
    module = f"server.embedded.standins.{standin}"
    assert "--port" in run(installed / "bin" / "python", "-m", module, "--help", cwd=tmp_path)
