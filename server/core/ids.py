"""Identifiers: UUIDv7, so that rows made one after the other lie side by side in every index."""

import os
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & (1 << 48) - 1) << 80 | 0x7 << 76 | (noise >> 68 & 0xFFF) << 64 | 0b10 << 62
    return UUID(int=value | noise & (1 << 62) - 1)


def parse_id(text: str) -> UUID | None:
    """Parse a UUID; None for anything else, so that a malformed id is not found like an unknown one."""
    try:
        return UUID(text)
    except ValueError:
        return None
