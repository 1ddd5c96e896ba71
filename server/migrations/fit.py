"""Whether the database is what this code needs: schema, rights, writes.

A schema that is older is refused. One that is newer is served: while an upgrade rolls, processes of the old version
run, and restart, on the new schema, which still has what they use (decisions/0011).
"""

from msgspec import Struct

from server.core.database import Database
from server.core.errors import Unavailable
from server.migrations.grants import Misfit, find_misfits, in_words
from server.migrations.revisions import known_revisions

MEND = "run `aisle migrate`"


class Fit(Struct, frozen=True, kw_only=True):
    """What was found."""

    found: str | None
    """The schema's revision; None without a schema."""
    known: tuple[str, ...]
    misfits: tuple[Misfit, ...] = ()

    @property
    def is_newer(self) -> bool:
        """Whether a later version of Aisle has migrated."""
        return self.found is not None and self.found not in self.known

    @property
    def schema_problem(self) -> str | None:
        """Why this code cannot work with the schema."""
        if self.found is None:
            return f"the database has no Aisle schema yet; {MEND}"
        if self.is_newer or self.found == self.known[-1]:
            return None
        return f"the schema is at revision {self.found}, this version needs {self.known[-1]}; {MEND}"

    @property
    def schema_concern(self) -> str | None:
        """What an operator should know of a schema that this code can work with."""
        if not self.is_newer:
            return None
        return (
            f"the schema is at revision {self.found}, newer than this version's {self.known[-1]}: that is fine during "
            "an upgrade; then start the newer version here too"
        )

    @property
    def rights_problem(self) -> str | None:
        """Which rights the app role lacks."""
        lacking = [misfit for misfit in self.misfits if misfit.wanted]
        return f"the app's role lacks {in_words(lacking)}; {MEND}" if lacking else None

    @property
    def rights_concern(self) -> str | None:
        """Which rights the app role has and must not have."""
        extra = [misfit for misfit in self.misfits if not misfit.wanted]
        return f"the app's role has {in_words(extra)}, which it must not have; {MEND}" if extra else None


async def examine_fit(database: Database) -> Fit:
    """The state of the database, as the app's role sees it. Raises Unavailable when it does not answer."""
    known = known_revisions()
    [state] = await database.fetch(
        "SELECT current_user AS role, to_regclass('public.alembic_version') IS NOT NULL AS is_there, "
        "coalesce(has_table_privilege(to_regclass('public.alembic_version'), 'SELECT'), false) AS is_readable"
    )
    if not state["is_there"]:
        return Fit(found=None, known=known)
    found: str | None = known[-1]  # if it may not be read, that is a right that is lacking, and said as one
    if state["is_readable"]:
        revisions = await database.fetch("SELECT version_num FROM alembic_version")
        found = revisions[0]["version_num"] if revisions else None
    fit = Fit(found=found, known=known)
    if fit.is_newer:  # its rights are those of the newer code, which `aisle migrate` of that version grants
        return fit
    misfits = await find_misfits(database.fetch, state["role"])
    return Fit(found=found, known=known, misfits=tuple(misfits))


async def require_fit(database: Database) -> str | None:
    """What an operator should know of a database that this code can work with, if anything.

    Raises Unavailable, with one line that says what to do, when it cannot.
    """
    await database.ping()
    fit = await examine_fit(database)
    if problem := fit.schema_problem or fit.rights_problem:
        raise Unavailable(problem)
    return fit.schema_concern or fit.rights_concern
