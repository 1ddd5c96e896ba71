"""`aisle shell`: Python with the services of one shop, read from stdin."""

from uuid import uuid4

from tests.installation import Installation

LINES = """
print("shop", shop.name)
saved = await catalog.list_after(shop_id, "", 500)
print("products", len(saved))
async with database.connection(shop_id) as connection:
    print("rows", await connection.fetchval("SELECT count(*) FROM product WHERE shop_id = $1", shop_id))

1 / 0
raise ValueError("after the error")
print("still", "here")
"""


def test_services_are_there_by_name_and_awaited(installation: Installation) -> None:
    shop = installation.create_shop("Shell shop", "https://shell.example")
    ended = installation.aisle("shell", "--shop", shop.shop_id, stdin=LINES)
    assert ended.returncode == 0, ended.stderr
    for words in ("shop Shell shop", "products 0", "rows 0", "still here"):
        assert words in ended.stdout
    assert "Aisle's services for the shop “Shell shop”" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
    assert "ValueError: after the error" in ended.stderr
    assert "server/commands/shell.py" not in ended.stderr


def test_exit_ends_the_shell(installation: Installation) -> None:
    shop = installation.create_shop("Shell shop", "https://shell.example")
    ended = installation.aisle("shell", "--shop", shop.shop_id, stdin="raise SystemExit(3)\nprint('not reached')\n")
    assert (ended.returncode, "not reached" in ended.stdout) == (3, False)


def test_an_unknown_shop_is_refused(installation: Installation) -> None:
    ended = installation.aisle("shell", "--shop", str(uuid4()), stdin="")
    assert ended.returncode == 1
    assert ended.stderr.startswith("aisle: there is no shop ")
