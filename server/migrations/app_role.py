"""The role that the app connects as: created where it is missing, otherwise altered only where it differs."""

import asyncpg

from server.core.database import Connection, url_for_role
from server.core.errors import ConfigurationError

LOGIN_TIMEOUT_S = 5


async def prepare_role(driver: Connection, owner_url: str, role: str, password: str | None) -> None:
    """Create the role or alter what differs (see `migrate`). Raises ConfigurationError, with what to do, when the
    owner may not."""
    quoted = await driver.fetchval("SELECT quote_ident($1)", role)
    found = await driver.fetchrow("SELECT rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = $1", role)
    if found is None:
        if password is None:
            raise ConfigurationError(
                f"the role {role} of AISLE_APP_DATABASE_URL does not exist; as an administrator run: "
                f"CREATE ROLE {quoted} LOGIN PASSWORD '...'"
            )
        return await _alter(
            driver,
            f"CREATE ROLE {quoted} LOGIN PASSWORD '{password}'",
            f"make the role {role}; give it CREATEROLE, or let an administrator make a role with a password and name "
            "it in AISLE_APP_DATABASE_URL",
        )
    unfit = [
        wanted
        for differs, wanted in (
            (found["rolsuper"], "NOSUPERUSER"),
            (found["rolbypassrls"], "NOBYPASSRLS"),
            (not found["rolcanlogin"] and password is not None, "LOGIN"),
        )
        if differs
    ]
    if unfit:
        statement = f"ALTER ROLE {quoted} {' '.join(unfit)}"
        await _alter(driver, statement, f"mend the role {role}; as an administrator run: {statement}")
    if password is not None and not await _opens(url_for_role(owner_url, role, password)):
        await _alter(
            driver,
            f"ALTER ROLE {quoted} PASSWORD '{password}'",
            f"set the password of the role {role}, which AISLE_SECRET_KEY gives another; let the role's maker migrate, "
            "or name a role with its own password in AISLE_APP_DATABASE_URL",
        )
    return None


async def _alter(driver: Connection, statement: str, what: str) -> None:
    try:
        await driver.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        raise ConfigurationError(f"the role in AISLE_DATABASE_URL may not {what}") from None


async def _opens(url: str) -> bool:
    """Whether the password is the role's. There is no other way to find out, and setting it again would be a change."""
    try:
        connection = await asyncpg.connect(url, timeout=LOGIN_TIMEOUT_S)
    except asyncpg.InvalidAuthorizationSpecificationError:
        return False
    except asyncpg.InsufficientPrivilegeError:  # the password is right; CONNECT is granted with the other rights
        return True
    await connection.close()
    return True
