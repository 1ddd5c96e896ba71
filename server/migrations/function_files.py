"""The SQL functions of the schema: one file each, which is the function's only text."""

import re
from graphlib import TopologicalSorter
from importlib.resources import files

from server.core.database import Connection
from server.migrations.search_reading import compounding, reading_rules

_OURS = """
    SELECT f.oid::regprocedure::text AS name, pg_get_functiondef(f.oid) AS definition, f.proacl::text AS rights
    FROM pg_proc AS f WHERE f.pronamespace = 'public'::regnamespace AND NOT EXISTS (
        SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = f.oid AND deptype = 'e')
"""
"""Without those of extensions."""


def load_functions() -> dict[str, str]:
    """The text of every function by its name, each after those that it uses."""
    folder = files("server.migrations") / "functions"
    data = {"{{reading}}": reading_rules(), "{{compounding}}": compounding()}
    texts = {entry.name.removesuffix(".sql"): _filled(entry.read_text(), data) for entry in folder.iterdir()}
    used = {
        name: {other for other in texts if other != name and re.search(rf"\b{other}\b", text)}
        for name, text in texts.items()
    }
    return {name: texts[name] for name in TopologicalSorter(used).static_order()}


async def recreate_functions(driver: Connection) -> None:
    """Give every function the text of its file, within the transaction that is open.

    A new installation and an upgraded one have the same functions afterwards. Where all of them have their text and
    their rights already, nothing is written.
    """
    await driver.execute("SAVEPOINT functions")
    before = await driver.fetch(_OURS)
    for text in load_functions().values():
        await driver.execute(text)
    is_same = await driver.fetch(_OURS) == before
    await driver.execute("ROLLBACK TO SAVEPOINT functions" if is_same else "RELEASE SAVEPOINT functions")


def _filled(text: str, data: dict[str, str]) -> str:
    """A function's text with the data of the languages in the places that name them."""
    for place, value in data.items():
        text = text.replace(place, value)
    return text
