"""`aisle`: the operator's entry. Exit codes: 0 done, 1 the job failed (one line on stderr), 2 wrong usage."""

import os
import re
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click

from server.core.errors import AisleError, ConfigurationError


class AisleGroup(click.Group):
    """Turns errors into one line on stderr, unless --debug asks for everything."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # click's own: wrong usage, the end of --help, Ctrl-C
        except ConfigurationError as reason:
            self._end(ctx, reason, 2, str(reason))
        except AisleError as reason:
            self._end(ctx, reason, 1, in_words(reason))
        except Exception as reason:  # whatever it was: no traceback for a user
            from server.core.logging import blacken  # for failures only: every command would wait for it

            text = blacken(f"{type(reason).__name__}: {reason}")
            self._end(ctx, reason, 1, f"{text} (`aisle --debug ...` shows more)")

    @staticmethod
    def _end(ctx: click.Context, reason: Exception, code: int, text: str) -> None:
        if ctx.params.get("debug"):
            raise reason
        click.echo(f"aisle: {' '.join(text.split())}", err=True)
        sys.exit(code)


def in_words(reason: AisleError) -> str:
    """What happened, then what is wrong with which value; a value out of many is quoted there, so it needs no index."""
    wrong = [
        error.message if re.search(r"\[\d+\]$", error.field) else f"{error.field}: {error.message}"
        for error in reason.errors
    ]
    if not wrong:
        return reason.detail
    return f"{reason.detail}{' ' if reason.detail.endswith('.') else '; '}{'; '.join(wrong)}"


@click.group(cls=AisleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="aisle")
def main(debug: bool) -> None:
    """A shop assistant for any storefront."""


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine on uvloop."""
    import uvloop

    return uvloop.run(work())


@main.command()
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--data-dir", default=".aisle", show_default=True, type=click.Path(file_okay=False))
@click.option("--reset", is_flag=True, help="Forget everything in the data dir first.")
@click.option("--stores", is_flag=True, help="Also start a local Shopify and WooCommerce to connect.")
@click.option("--billing", is_flag=True, help="Also start a local Stripe: plans, quotas, invoices to click through.")
def demo(port: int, data_dir: str, reset: bool, stores: bool, billing: bool) -> None:
    """Start a whole shop: servers, API, worker, catalog, policies, orders."""
    from server.commands.demo import run_demo

    run_demo(port=port, data_dir=data_dir, reset=reset, stores=stores, billing=billing)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64))
def serve(host: str, port: int, workers: int) -> None:
    """Serve the API."""
    from server.commands.serve import run_api

    run_api(host=host, port=port, workers=workers)


@main.command()
def worker() -> None:
    """Run jobs."""
    from server.commands.serve import run_jobs

    run(run_jobs)


@main.command()
def migrate() -> None:
    """Bring the schema up to date."""
    from server.commands.context import operator_settings
    from server.commands.outages import explaining_database
    from server.commands.setup import run_migrate

    with explaining_database(operator_settings(), as_owner=True):
        migrated = run_migrate()
    newer = "; a newer version of Aisle has left it there, and it stays so" if migrated.is_newer else ""
    click.echo(f"the schema is at revision {migrated.revision}{newer}")


@main.group()
def shop() -> None:
    """Shops."""


@shop.command("create")
@click.argument("name")
@click.option("--origin", "origins", multiple=True, help="A page origin that may use the shop; repeatable.")
@click.option("--locale", default=None, help="The language of its catalog, such as en or fr.")
@click.option("--currency", default=None, help="ISO 4217 code for prices that name none.")
@click.option("--json", "as_json", is_flag=True)
def shop_create(name: str, origins: tuple[str, ...], locale: str | None, currency: str | None, as_json: bool) -> None:
    """Make a shop and print its keys; the secret key is shown this once."""
    from server.commands.setup import create_shop

    run(lambda: create_shop(name, origins, locale, currency, as_json))


@shop.command("connect")
@click.argument("platform")
@click.option("--shop", "shop_id", required=True)
@click.option("--orders-from", type=click.Path(exists=True, file_okay=False), help="Folder of demo-format data.")
@click.option("--order-access", type=click.Choice(["standard", "open", "strict"]), default=None)
def shop_connect(platform: str, shop_id: str, orders_from: str | None, order_access: str | None) -> None:
    """Connect a platform to a shop (demo: order data from the package or a folder)."""
    from server.commands.setup import connect_platform

    folder = os.path.abspath(orders_from) if orders_from else None
    run(lambda: connect_platform(platform, shop_id, folder, order_access))


@main.group()
def member() -> None:
    """Who may sign in to a shop's console."""


@member.command("add")
@click.option("--shop", "shop_id", required=True)
@click.option("--email", required=True, help="Signs in with it; one account may belong to many shops.")
@click.option("--name", default="", help="Shown to colleagues.")
@click.option("--role", default="owner", show_default=True, type=click.Choice(["owner", "admin", "agent", "viewer"]))
@click.option("--password-stdin", is_flag=True, help="Read a new account's password from stdin, not make one up.")
@click.option("--json", "as_json", is_flag=True)
def member_add(shop_id: str, email: str, name: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Give somebody a role in a shop; a new account's password is shown this once."""
    from server.commands.members import add_member, read_password

    password = read_password() if password_stdin else None
    run(lambda: add_member(shop_id, email, name, role, password, as_json))


@member.command("list")
@click.option("--shop", "shop_id", required=True)
@click.option("--json", "as_json", is_flag=True)
def member_list(shop_id: str, as_json: bool) -> None:
    """The members of a shop."""
    from server.commands.members import list_members

    run(lambda: list_members(shop_id, as_json))


@main.group("import")
def import_group() -> None:
    """Bring products and documents in."""


@import_group.command("products")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--shop", "shop_id", required=True)
@click.option("--map", "mapping", multiple=True, help="target=column, target=column/100, target==constant.")
@click.option("--json", "as_json", is_flag=True)
def import_products(file: str, shop_id: str, mapping: tuple[str, ...], as_json: bool) -> None:
    """Products from CSV, JSONL, a Shopify or WooCommerce export, or a Google feed."""
    from server.commands.imports import import_product_file

    run(lambda: import_product_file(file, shop_id, mapping, as_json))


@import_group.command("documents")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--shop", "shop_id", required=True)
@click.option("--json", "as_json", is_flag=True)
def import_documents(paths: tuple[str, ...], shop_id: str, as_json: bool) -> None:
    """Documents: files or folders of md, txt, html, pdf, docx, csv, xlsx, json, yaml."""
    from server.commands.imports import import_document_paths

    run(lambda: import_document_paths(paths, shop_id, as_json))


@main.command()
@click.argument("url")
@click.option("--shop", "shop_id", required=True)
@click.option("--max-pages", default=200, show_default=True, type=click.IntRange(1, 5000))
@click.option("--json", "as_json", is_flag=True)
def crawl(url: str, shop_id: str, max_pages: int, as_json: bool) -> None:
    """Read a site by its sitemap or links, robots.txt obeyed."""
    from server.commands.imports import crawl_site

    run(lambda: crawl_site(url, shop_id, max_pages, as_json))


@main.command()
@click.argument("question")
@click.option("--shop", "shop_id", required=True)
@click.option("--json", "as_json", is_flag=True)
def ask(question: str, shop_id: str, as_json: bool) -> None:
    """One turn in the terminal, streamed, with sources."""
    from server.commands.ask import ask_once

    run(lambda: ask_once(question, shop_id, as_json))


@main.group()
def billing() -> None:
    """Plans and money, with STRIPE_SECRET_KEY set."""


@billing.command("setup")
@click.option("--json", "as_json", is_flag=True)
def billing_setup(as_json: bool) -> None:
    """Make the meter, products and prices that are missing in the Stripe account; exit code 1 when a price differs."""
    from server.commands.billing import set_up

    sys.exit(run(lambda: set_up(as_json)))


@billing.command("recompute")
@click.option("--shop", "shop_id", required=True)
@click.option("--period", "month", default=None, metavar="YYYY-MM", help="When the period began; the newest without.")
@click.option("--json", "as_json", is_flag=True)
def billing_recompute(shop_id: str, month: str | None, as_json: bool) -> None:
    """Work a bill out from the conversation log; exit code 1 when ledger, meter or invoice say otherwise."""
    from server.commands.billing import recompute

    if month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise click.BadParameter("a month such as 2026-11", param_hint="--period")

    sys.exit(run(lambda: recompute(shop_id, month, as_json)))


@main.command()
def doctor() -> None:
    """Check configuration and every dependency; say what is wrong and how to mend it."""
    from server.commands.doctor import examine

    sys.exit(run(examine))


if __name__ == "__main__":
    main(prog_name="aisle")
