"""What the app role may do: one query for it, which grants, comparisons and messages use."""

from collections.abc import Awaitable, Callable, Iterable

from msgspec import Struct

from server.core.database import Row

READ_ONLY_TABLES = ("alembic_version",)
APPEND_ONLY_TABLES = ("usage_entry", "billing_statement", "conversation_mark")
"""What was counted is never changed or deleted."""

# What an extension brought belongs to it; what has another owner was made by somebody else and is none of ours.
_MISFITS = """
    WITH app AS (SELECT oid, rolname FROM pg_roles WHERE rolname = $1),
    ours AS (SELECT relowner AS owner FROM pg_class WHERE oid = to_regclass('public.shop')),
    tables AS (
        SELECT c.oid, format('%I.%I', 'public', c.relname) AS name, p.privilege, p.privilege = ANY (
            CASE WHEN c.relname = ANY ($2::text[]) THEN '{SELECT}'
                 WHEN c.relname = ANY ($3::text[]) THEN '{SELECT,INSERT}'
                 ELSE '{SELECT,INSERT,UPDATE,DELETE}' END::text[]) AS wanted
        FROM pg_class AS c, ours,
            unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relowner = ours.owner
    ),
    functions AS (
        SELECT f.oid, f.oid::regprocedure::text AS name FROM pg_proc AS f, ours
        WHERE f.pronamespace = 'public'::regnamespace AND f.proowner = ours.owner AND NOT EXISTS (
            SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = f.oid AND deptype = 'e')
    )
    SELECT 'TABLE' AS kind, name, privilege, wanted FROM tables, app
    WHERE has_table_privilege(app.oid, tables.oid, privilege) <> wanted
    UNION ALL
    SELECT 'FUNCTION', name, 'EXECUTE', true FROM functions, app
    WHERE NOT has_function_privilege(app.oid, functions.oid, 'EXECUTE')
    UNION ALL
    SELECT 'SCHEMA', 'public', 'USAGE', true FROM app WHERE NOT has_schema_privilege(app.oid, 'public', 'USAGE')
    UNION ALL
    SELECT 'DATABASE', quote_ident(current_database()), 'CONNECT', true FROM app
    WHERE NOT has_database_privilege(app.oid, current_database(), 'CONNECT')
    ORDER BY 1, 2, 3
"""
NAMED = 3

Fetch = Callable[..., Awaitable[list[Row]]]


class Misfit(Struct, frozen=True):
    """A right that the app role lacks (`wanted`), or has and must not have."""

    kind: str
    name: str
    privilege: str
    wanted: bool

    def statement(self, role: str) -> str:
        """The SQL that grants or revokes it; `role` is quoted."""
        verb, preposition = ("GRANT", "TO") if self.wanted else ("REVOKE", "FROM")
        return f"{verb} {self.privilege} ON {self.kind} {self.name} {preposition} {role}"

    def __str__(self) -> str:
        return f"{self.privilege} on {self.name.removeprefix('public.')}"


async def find_misfits(fetch: Fetch, role: str) -> list[Misfit]:
    """The rights that a role lacks, or has (in whatever way) and must not have."""
    rows = await fetch(_MISFITS, role, list(READ_ONLY_TABLES), list(APPEND_ONLY_TABLES))
    return [Misfit(**row) for row in rows]


def in_words(misfits: Iterable[Misfit]) -> str:
    """`SELECT on picture, UPDATE on turn and 12 more`."""
    names = [str(misfit) for misfit in misfits]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
