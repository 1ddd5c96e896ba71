"""The HTTP process as it is put together, before it serves."""

import subprocess
import sys
from pathlib import Path

CREATE_APP = """
import sys
from pathlib import Path

import server.cli, server.worker
from server.app import create_app
from server.core.settings import load_settings
from server.embedded import Endpoints

settings = load_settings({"AISLE_ENV": "demo", "AISLE_DATA_DIR": sys.argv[1]})
create_app(settings, Endpoints("postgresql://x@127.0.0.1/x", "redis://127.0.0.1:1/0"))
"""


def test_nothing_the_application_is_made_of_is_deprecated(tmp_path: Path) -> None:
    """The next major version of a library takes away what this one warns of: 651 warnings of Litestar's once."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", CREATE_APP, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stderr) == (0, "")
