"""The user that the servers run as. PostgreSQL refuses root, so root's servers run as the data's owner or `nobody`.

A data dir or virtualenv below a closed folder (root's home, a `mktemp -d`) is out of reach for that user. Then the
servers retain the one capability that lets them read past it, and the permissions of those folders stay as they are.
"""

import ctypes
import os
import pwd
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from server.embedded.errors import EmbeddedError

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2

# linux/prctl.h, linux/securebits.h, linux/capability.h
PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
SECBIT_NO_SETUID_FIXUP = 1 << 2
CAPABILITY_VERSION_3 = 0x20080522


class Account(msgspec.Struct, frozen=True):
    """A user to run as. It may retain one of root's capabilities."""

    uid: int
    gid: int
    name: str
    capability: int | None = None

    def switch_user(self) -> None:
        """Change the calling process to this user, for good. Raises OSError where the kernel refuses."""
        if self.capability is not None:
            # This retains the capability through setuid. It also makes access(2), with which PostgreSQL checks its
            # programs, count it: without it that call drops all capabilities of a user other than root.
            _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        if self.capability is not None:
            _drop_other_capabilities(self.capability)


def account_for(data: Path, needed: Sequence[Path]) -> Account | None:
    """The user for servers whose data is in `data` and who can read all of `needed`; None for the present user.

    Raises EmbeddedError when this process runs as root and there is no such user.
    """
    if os.geteuid() != 0:
        return None
    plain = _owner(data)
    for capability in (None, CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        account = msgspec.structs.replace(plain, capability=capability)
        if _reaches(account, needed):
            return account
    places = " or ".join(str(path) for path in needed)
    raise EmbeddedError(
        f"PostgreSQL does not run as root, and the user {plain.name} cannot reach {places}: run Aisle as an ordinary "
        "user, move both to a place all users may enter, or set AISLE_DATABASE_URL and AISLE_REDIS_URL"
    )


def require_named_user() -> None:
    """Raise EmbeddedError where the present user has no name: initdb fails without one."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise EmbeddedError(
            f"user id {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs to make its data: run as "
            "a named user, or set AISLE_DATABASE_URL and AISLE_REDIS_URL"
        ) from error


def preparation(account: Account | None, signal_at_parents_death: int) -> Callable[[], None]:
    """A function for a child to call between fork and exec: it changes the user, then requests the signal that the
    kernel sends when the parent ends. The order matters, because a change of user resets that request.
    """
    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            account.switch_user()
        _prctl(PR_SET_PDEATHSIG, signal_at_parents_death)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


def _owner(data: Path) -> Account:
    if data.exists() and (uid := data.stat().st_uid) != 0:
        return Account(uid, data.stat().st_gid, f"with id {uid}")
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError("there is no user `nobody` to run PostgreSQL as: run as an ordinary user") from error
    return Account(nobody.pw_uid, nobody.pw_gid, nobody.pw_name)


def _reaches(account: Account, needed: Sequence[Path]) -> bool:
    """Whether `account` can read all paths, tried in a child: only the kernel knows of mounts, ACLs and namespaces."""
    pid = os.fork()
    if pid == 0:
        try:
            account.switch_user()
            os._exit(0 if all(os.access(path, os.R_OK | os.X_OK) for path in needed) else 1)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _drop_other_capabilities(capability: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, effective_permitted_inheritable):
        raise OSError(ctypes.get_errno(), "capset")
    _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)


def _prctl(option: int, *values: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    numbers = [ctypes.c_ulong(value) for value in (*values, 0, 0, 0, 0)[:4]]
    if libc.prctl(ctypes.c_int(option), *numbers):
        raise OSError(ctypes.get_errno(), f"prctl {option}")
