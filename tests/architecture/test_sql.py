"""Tenancy as a lint: who may write SQL, and that every statement on a shop's table names the shop."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.metadata import load_metadata

SERVER = Path(__file__).parents[2] / "server"
SHOP_TABLES = {name for name, table in load_metadata().tables.items() if "shop_id" in table.columns} | {"shop"}
"""`test_table_models.py` sees to it that these are the tables of the migrated database."""
MAY_WRITE_SQL = {"storage.py", "search.py", "database.py", "jobs.py", "migrate.py"}
"""jobs.py and database.py are the two homes of SQL below the features: the job rows, and look-ups of no shop."""
ASKS_THE_CATALOGS = {"core/connection_budget.py"} | {
    f"migrations/{name}.py" for name in ("app_role", "fit", "function_files", "grants", "prerequisites")
}
"""What the server says of itself: versions, roles, rights, sessions. No row of any shop."""
DIRECTORY_LOOK_UPS = {"find_key", "is_listed_origin", "find_merchant", "find_merchant_by_id", "list_memberships"}
"""What is asked before any shop is known, or of a merchant's shops."""
OF_NO_SHOP = {"outbox", "key_directory", "origin_directory"}
STATEMENT = re.compile(r"\b(?:FROM|UPDATE|INTO|JOIN)\s+([a-z_]+)\b")


def python_files() -> list[Path]:
    return sorted(file for file in SERVER.rglob("*.py") if "versions" not in file.parts)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every string of a module; implicit concatenations and f-strings as one, with the module's constants filled in."""
    constants: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            constants[node.targets[0].id] = _text(node.value, constants)
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) not in inner and isinstance(node, ast.JoinedStr | ast.Constant) and _text(node, constants):
            yield node.lineno, _text(node, constants)


def _text(node: ast.expr, constants: dict[str, str]) -> str:
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, constants) for part in parts)
        case ast.FormattedValue(value=ast.Name(id=name)):
            return constants.get(name, "{}")
    return "{}" if isinstance(node, ast.FormattedValue) else ""


def is_sql(text: str) -> bool:
    return bool(re.match(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b", text)) and bool(STATEMENT.search(text))


def parse(file: Path) -> ast.Module:
    """The tree of a file. CPython 3.11 counts its depth wrong when a finalizer or another thread parses meanwhile
    (python/cpython#106905) and raises SystemError; the second time it does not."""
    try:
        return ast.parse(file.read_text())
    except SystemError:
        return ast.parse(file.read_text())


@pytest.fixture(scope="module")
def statements() -> list[tuple[Path, int, str]]:
    """All SQL of the server: file, line, text."""
    return [
        (file.relative_to(SERVER), line, text)
        for file in python_files()
        for line, text in texts(parse(file))
        if is_sql(text)
    ]


def test_sql_lives_in_storage_only(statements: list[tuple[Path, int, str]]) -> None:
    assert len(statements) > 150
    elsewhere = [f"{file}:{line}" for file, line, _ in statements if not may_write_sql(file)]
    assert elsewhere == []


def may_write_sql(file: Path) -> bool:
    return file.name in MAY_WRITE_SQL or file.name.endswith("_storage.py") or str(file) in ASKS_THE_CATALOGS


def test_every_statement_names_the_shop(statements: list[tuple[Path, int, str]]) -> None:
    unnamed = [f"{file}:{line} touches {found}" for file, line, text in statements if (found := unnamed_tables(text))]
    assert unnamed == []


def unnamed_tables(text: str) -> set[str]:
    """The tables of shops that a statement touches without naming the shop."""
    touched = set(STATEMENT.findall(text)) & SHOP_TABLES - OF_NO_SHOP
    named = "shop_id" in text or (touched <= {"shop"} and "id = $1" in text)
    return set() if named else touched


def test_a_statement_without_a_shop_is_found() -> None:
    assert unnamed_tables("SELECT id FROM conversation WHERE id = $1") == {"conversation"}
    assert unnamed_tables("SELECT id FROM conversation WHERE shop_id = $1") == set()


@pytest.mark.parametrize(
    "file", sorted(SERVER.rglob("*storage.py")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_storage_functions_begin_with_the_shop(file: Path) -> None:
    tree = parse(file)
    for function in tree.body:
        if isinstance(function, ast.AsyncFunctionDef) and not function.name.startswith("_"):
            names = [argument.arg for argument in function.args.args[:2]]
            is_over_all_shops = names[0] == "database"  # `Database.fetch` sees no row of a shop's tables
            expected = is_over_all_shops or (names[0] in ("session", "connection") and names[1] == "shop_id")
            assert expected or function.name in DIRECTORY_LOOK_UPS, f"{file}:{function.lineno} {function.name}{names}"


@pytest.mark.parametrize(
    "file", sorted(SERVER.rglob("*storage.py")), ids=lambda file: f"{file.parent.name}-{file.stem}"
)
def test_every_statement_made_of_classes_names_the_shop(file: Path) -> None:
    for function in parse(file).body:
        if isinstance(function, ast.AsyncFunctionDef | ast.FunctionDef) and function.name not in DIRECTORY_LOOK_UPS:
            for statement in made_statements(function):
                assert "shop_id" in statement, f"{file.name} {function.name}: {statement} names no shop_id"


def test_a_statement_made_of_classes_without_a_shop_is_found() -> None:
    function = ast.parse(
        "def f():\n"
        "    where = (Row.shop_id == shop_id,)\n"
        "    x = select(Row).where(Row.shop_id == shop_id).limit(1)\n"
        "    y = update(Row).where(*where).values(a=1)\n"
        "    z = delete(Row).where(Row.id == id)\n"
    ).body[0]
    assert ["delete" in each for each in made_statements(function) if "shop_id" not in each] == [True]


def made_statements(function: ast.AST) -> Iterator[str]:
    """The source of each select, update and delete, with all its `where`s; names unpacked into it are written out."""
    parents = {child: parent for parent in ast.walk(function) for child in ast.iter_child_nodes(parent)}
    values = {
        target.id: ast.unparse(node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id="select" | "update" | "delete")):
                whole: ast.AST = node
                while isinstance(parent := parents.get(whole), ast.Attribute) or (
                    isinstance(parent, ast.Call) and parent.func is whole
                ):
                    whole = parent
                unpacked = [each.value for each in ast.walk(whole) if isinstance(each, ast.Starred)]
                names = [values.get(each.id, "") for each in unpacked if isinstance(each, ast.Name)]
                yield " ".join([ast.unparse(whole), *names])


def test_no_table_is_overlooked() -> None:
    created = "".join(file.read_text() for file in (SERVER / "migrations").rglob("*.sql")).lower()
    assert created.count("create table ") == len(load_metadata().tables)
    assert {"attempt", "passage", "passage_frequency", "subscription"} <= SHOP_TABLES
