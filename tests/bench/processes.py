"""What processes cost, read from /proc: CPU time and memory of a process and all its descendants."""

import os
from collections import defaultdict
from pathlib import Path

from msgspec import Struct

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class Usage(Struct, frozen=True):
    """CPU milliseconds so far, children that have ended included, and memory in KB: RSS counts shared pages once per
    process, PSS shares them out."""

    cpu_ms: float
    rss_kb: int
    pss_kb: int


def usage(root: int) -> Usage:
    """Of a process and all below it."""
    cpu_ms, rss, pss = 0.0, 0, 0
    for pid in _family(root):
        try:
            cpu_ms += _cpu_ms(pid)
            memory = _memory(pid)
        except OSError:  # it ended between two looks
            continue
        rss, pss = rss + memory["Rss"], pss + memory["Pss"]
    return Usage(cpu_ms, rss, pss)


def cpu_ms(root: int) -> float:
    """CPU time of a process and all below it; cheaper than `usage`."""
    total = 0.0
    for pid in _family(root):
        try:
            total += _cpu_ms(pid)
        except OSError:
            continue
    return total


def _family(root: int) -> list[int]:
    children = defaultdict(list)
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                children[int(_stat(int(folder.name))[1])].append(int(folder.name))
            except OSError:
                continue
    found = [root]
    for pid in found:
        found += children[pid]
    return found


def _cpu_ms(pid: int) -> float:
    return sum(map(int, _stat(pid)[11:15])) * 1000 / _TICKS_PER_S


def _stat(pid: int) -> list[str]:
    """The fields after the name, which may hold anything: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _memory(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
