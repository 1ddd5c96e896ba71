"""`aisle`: the operator's entry. Exit codes: 0 done, 1 the job failed (one line on stderr), 2 wrong usage."""

import os
import re
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click

from server.core.errors import AisleError, ConfigurationError


class AisleGroup(click.Group):
    """A group of commands whose errors are one line on stderr, or a traceback with --debug."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command line and exit. Click's own errors get the prefix of all others."""
        extra["standalone_mode"] = False
        try:
            code = super().main(*args, **extra)
        except click.exceptions.NoArgsIsHelpError as reason:  # its message is the help, which begins with the usage
            click.echo(reason.format_message(), err=True)
            sys.exit(reason.exit_code)
        except click.ClickException as reason:
            if isinstance(reason, click.UsageError) and reason.ctx:
                click.echo(reason.ctx.get_usage(), err=True)
            click.echo(f"aisle: {reason.format_message()}", err=True)
            sys.exit(reason.exit_code)
        except click.Abort:
            click.echo("aisle: cancelled", err=True)
            sys.exit(1)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # for `main`: wrong usage, the end of --help, Ctrl-C
        except ConfigurationError as reason:
            self._end(ctx, reason, 2, str(reason))
        except AisleError as reason:
            self._end(ctx, reason, 1, in_words(reason))
        except Exception as reason:  # whatever it was: no traceback for a user
            from server.core.logging import redact_text  # for failures only: every command would wait for it

            text = redact_text(f"{type(reason).__name__}: {reason}")
            self._end(ctx, reason, 1, f"{text} (run `aisle --debug ...` for details)")

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


PORT = click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on."
)
SHOP = click.option(
    "--shop", "shop_id", required=True, metavar="SHOP_ID", help="The id that `aisle shop create` printed."
)
RELOAD = click.option("--reload", is_flag=True, help="Start again when a source file changes. For developers.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")


@click.group(cls=AisleGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show tracebacks instead of one line per error.")
@click.version_option(package_name="aisle")
def main(debug: bool) -> None:
    """A shop assistant for any storefront."""


def run(work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine on uvloop."""
    import uvloop

    return uvloop.run(work())


@main.command()
@PORT
@click.option(
    "--data-dir",
    default=".aisle",
    show_default=True,
    type=click.Path(file_okay=False),
    help="The folder for the demo's servers and their data.",
)
@click.option("--reset", is_flag=True, help="Delete everything in the data folder first.")
@click.option("--stores", is_flag=True, help="Also start a local Shopify and WooCommerce to connect.")
@click.option("--billing", is_flag=True, help="Also start a local Stripe with plans and invoices to try.")
@RELOAD
def demo(port: int, data_dir: str, reset: bool, stores: bool, billing: bool, reload: bool) -> None:
    """Start a complete shop on this machine: servers, API, worker, catalog, policies and orders. Ctrl-C stops it."""
    from server.commands.demo import run_demo

    run_demo(port=port, data_dir=data_dir, reset=reset, stores=stores, billing=billing, reload=reload)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on; 0.0.0.0 for all.")
@PORT
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="How many processes serve requests."
)
@RELOAD
def serve(host: str, port: int, workers: int, reload: bool) -> None:
    """Serve the API, the chat, the console and the widget until SIGTERM."""
    from server.commands.serve import run_api

    if reload and workers > 1:
        raise click.UsageError("--reload serves from one process; leave out --workers")
    run_api(host=host, port=port, workers=workers, reload=reload)


@main.command()
@RELOAD
def worker(reload: bool) -> None:
    """Run jobs and regular maintenance until SIGTERM. An installation needs at least one worker."""
    from server.commands.serve import run_jobs, run_worker_with_reload

    if reload:
        run_worker_with_reload()
    else:
        run(run_jobs)


@main.command()
def migrate() -> None:
    """Bring the database schema up to date and create the app's role."""
    from server.commands.context import operator_settings, warn_of_unknown_settings
    from server.commands.outages import explaining_database
    from server.commands.setup import run_migrate

    settings = operator_settings()
    warn_of_unknown_settings()
    with explaining_database(settings, as_owner=True):
        migrated = run_migrate()
    newer = ", which a newer version of Aisle made; nothing was changed" if migrated.is_newer else ""
    click.echo(f"the schema is at revision {migrated.revision}{newer}")


@main.group()
def shop() -> None:
    """Create shops and connect the demo platform."""


@shop.command("create")
@click.argument("name")
@click.option(
    "--origin",
    "origins",
    multiple=True,
    help="A website that may show the chat, such as https://my-shop.example; repeatable.",
)
@click.option("--locale", default=None, help="The language of the catalog, such as en or fr.")
@click.option("--currency", default=None, help="The currency of prices that name none, as an ISO 4217 code.")
@AS_JSON
def shop_create(name: str, origins: tuple[str, ...], locale: str | None, currency: str | None, as_json: bool) -> None:
    """Create a shop and print its keys. The secret key is shown only this once."""
    from server.commands.setup import create_shop

    run(lambda: create_shop(name, origins, locale, currency, as_json))


@shop.command("connect")
@click.argument("platform")
@SHOP
@click.option(
    "--orders-from",
    type=click.Path(exists=True, file_okay=False),
    help="A folder with orders in the demo's format.",
)
@click.option(
    "--order-access",
    type=click.Choice(["standard", "open", "strict"]),
    default=None,
    help="How much shoppers see with an order's number and e-mail.",
)
def shop_connect(platform: str, shop_id: str, orders_from: str | None, order_access: str | None) -> None:
    """Connect the demo platform to a shop. Real stores are connected in the console or over the API."""
    from server.commands.setup import connect_platform

    folder = os.path.abspath(orders_from) if orders_from else None
    run(lambda: connect_platform(platform, shop_id, folder, order_access))


@main.group()
def member() -> None:
    """The people who may sign in to a shop's console."""


@member.command("add")
@SHOP
@click.option("--email", required=True, help="The address to sign in with; one account may belong to many shops.")
@click.option("--name", default="", help="The name that colleagues see.")
@click.option(
    "--role",
    default="owner",
    show_default=True,
    type=click.Choice(["owner", "admin", "agent", "viewer"]),
    help="What the member may do.",
)
@click.option(
    "--password-stdin", is_flag=True, help="Read the password of a new account from stdin instead of generating one."
)
@AS_JSON
def member_add(shop_id: str, email: str, name: str, role: str, password_stdin: bool, as_json: bool) -> None:
    """Give somebody a role in a shop. The password of a new account is shown only this once."""
    from server.commands.members import add_member, read_password

    password = read_password() if password_stdin else None
    run(lambda: add_member(shop_id, email, name, role, password, as_json))


@member.command("list")
@SHOP
@AS_JSON
def member_list(shop_id: str, as_json: bool) -> None:
    """List the members of a shop with their roles."""
    from server.commands.members import list_members

    run(lambda: list_members(shop_id, as_json))


@main.group("import")
def import_group() -> None:
    """Import products and documents."""


@import_group.command("products")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@SHOP
@click.option(
    "--map",
    "mapping",
    multiple=True,
    help="Where a value comes from: target=column, target=column/100 or target==constant; repeatable.",
)
@click.option(
    "--prune",
    is_flag=True,
    help="The file is the whole catalog: take out what earlier imports brought in and it has no longer, shown first.",
)
@click.option("--yes", is_flag=True, help="With --prune: take out what is shown without asking.")
@AS_JSON
def import_products(file: str, shop_id: str, mapping: tuple[str, ...], prune: bool, yes: bool, as_json: bool) -> None:
    """Import products from CSV, JSON, a platform's export (Shopify, WooCommerce, Magento and others) or a feed."""
    from server.commands.imports import import_product_file

    run(lambda: import_product_file(file, shop_id, mapping, as_json, prune, yes))


@import_group.command("documents")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@SHOP
@AS_JSON
def import_documents(paths: tuple[str, ...], shop_id: str, as_json: bool) -> None:
    """Import files or folders of md, txt, html, pdf, docx, pptx, xlsx, csv, json, yaml, xml, epub, eml, code."""
    from server.commands.imports import import_document_paths

    run(lambda: import_document_paths(paths, shop_id, as_json))


@main.command()
@click.argument("url")
@SHOP
@click.option(
    "--max-pages", default=200, show_default=True, type=click.IntRange(1, 5000), help="Stop after this many pages."
)
@AS_JSON
def crawl(url: str, shop_id: str, max_pages: int, as_json: bool) -> None:
    """Import the pages of a site, found by its sitemap or its links. robots.txt is obeyed."""
    if not re.match(r"https?://[^/?#\s]", url, re.IGNORECASE):
        raise click.BadParameter("write a web address such as https://shop.example", param_hint="URL")
    from server.commands.imports import crawl_site

    run(lambda: crawl_site(url, shop_id, max_pages, as_json))


@main.command()
@click.argument("question")
@SHOP
@AS_JSON
def ask(question: str, shop_id: str, as_json: bool) -> None:
    """Ask one question and print the answer with its sources as it arrives."""
    if not question.strip():
        raise click.BadParameter('write a question such as "Do you ship to France?"', param_hint="QUESTION")
    from server.commands.ask import ask_once

    run(lambda: ask_once(question, shop_id, as_json))


@main.command()
@SHOP
def shell(shop_id: str) -> None:
    """Open a Python prompt with the services of one shop. It can change data: for developers and operators."""
    from server.commands.shell import run_shell

    run_shell(shop_id)


@main.group()
def billing() -> None:
    """Plans and bills at Stripe. Needs STRIPE_SECRET_KEY."""


@billing.command("setup")
@AS_JSON
def billing_setup(as_json: bool) -> None:
    """Create the meters, products and prices that are missing at Stripe. Exits with 1 if a price there differs."""
    from server.commands.billing import set_up

    sys.exit(run(lambda: set_up(as_json)))


@billing.command("recompute")
@SHOP
@click.option(
    "--period",
    "month",
    default=None,
    metavar="YYYY-MM",
    help="The month in which the period began. Default: the newest period.",
)
@AS_JSON
def billing_recompute(shop_id: str, month: str | None, as_json: bool) -> None:
    """Recompute a bill from the conversation log. Exits with 1 if the ledger, meter or invoice differs from it."""
    from server.commands.billing import recompute

    if month is not None and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        raise click.BadParameter("write a month such as 2026-11", param_hint="--period")

    sys.exit(run(lambda: recompute(shop_id, month, as_json)))


@main.command()
def doctor() -> None:
    """Check the settings and every dependency, and say what is wrong and how to fix it."""
    from server.commands.doctor import examine

    sys.exit(run(examine))


if __name__ == "__main__":
    main(prog_name="aisle")
