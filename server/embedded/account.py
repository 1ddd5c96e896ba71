"""Who the servers run as. PostgreSQL refuses root, so root's servers run as `nobody` (or as the data's owner).

A data dir or virtualenv below a closed folder (root's home, a `mktemp -d`) is out of reach for that user. Then the
servers keep the one capability that lets them pass: folders of the user's stay as closed as they were.
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
    """A user to run as, with at most one capability kept."""

    uid: int
    gid: int
    name: str
    capability: int | None = None

    def take_on(self) -> None:
        """Makes the calling process this user for good; raises OSError where the kernel says no."""
        if self.capability is not None:
            # Besides keeping the capability through setuid, this keeps access(2) honest: without it that call
            # drops all capabilities of a user other than root, and PostgreSQL checks its programs with it.
            _prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP)
        os.setgroups([])
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        if self.capability is not None:
            _keep_only(self.capability)


def account_for(data: Path, needed: Sequence[Path]) -> Account | None:
    """The user for servers over `data` who can reach all of `needed`; None means: as ourselves.

    Raises EmbeddedError when we are root and there is no such user."""
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
    """initdb asks the system for its user's name; raises EmbeddedError where there is none to give."""
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError as error:
        raise EmbeddedError(
            f"user id {os.geteuid()} has no name in /etc/passwd, which PostgreSQL needs to make its data: run as "
            "a named user, or set AISLE_DATABASE_URL and AISLE_REDIS_URL"
        ) from error


def preparation(account: Account | None, signal_at_parents_death: int) -> Callable[[], None]:
    """What a child does between fork and exec: change user, then ask to be signalled when its parent dies.

    The order matters: a change of user makes the kernel forget the second wish."""
    parent = os.getpid()

    def prepare() -> None:
        if account is not None:
            account.take_on()
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
    """Tried in a child, because only the kernel knows (mounts, ACLs, user namespaces, missing capabilities)."""
    pid = os.fork()
    if pid == 0:
        try:
            account.take_on()
            os._exit(0 if all(os.access(path, os.R_OK | os.X_OK) for path in needed) else 1)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1] == 0


def _keep_only(capability: int) -> None:
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
