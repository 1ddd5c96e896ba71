"""Python imports this at each start when its folder is on PYTHONPATH: it writes down which of our modules are entered.

`MODULES_ENTERED` names a folder. Each process appends to the file that `phase` in it names, once for each module.
"""

import os
import sys
import threading
import time
from pathlib import Path
from types import FrameType

FOLDER = Path(os.environ["MODULES_ENTERED"])
ROOT = str(Path(__file__).parents[3]) + os.sep
OURS = tuple(f"{ROOT}{package}{os.sep}" for package in ("server", "integrations", "billing"))
POLL_S = 0.02

_seen: set[str] = set()
_phase = ""


def _enter(frame: FrameType, event: str, _argument: object) -> None:
    code = frame.f_code
    if event != "call" or not _phase or code.co_filename in _seen:
        return
    if code.co_filename.startswith(OURS) and code.co_name != "<module>":  # an import enters no function
        _seen.add(code.co_filename)
        with (FOLDER / _phase).open("a") as found:
            found.write(code.co_filename.removeprefix(ROOT) + "\n")


def _follow_phase() -> None:
    global _phase
    while True:
        newest = (FOLDER / "phase").read_text()
        if newest != _phase:
            _seen.clear()
            _phase = newest
        time.sleep(POLL_S)


threading.Thread(target=_follow_phase, daemon=True).start()
threading.setprofile(_enter)
sys.setprofile(_enter)
