"""Asks a fresh demo the questions of this folder, judges the answers without a model and prints tables.

    python -m tests.evaluation.answers [--shops all|train|check|shared|NAME] [--languages] [--carried]
                                       [--model repeat|pick] [--against FILE] [--port N] [--out FILE] [--quiet]

Without --languages and --carried the shops' messages are asked, with them those questions instead; --messages asks
the messages as well. Shops of the part "check" are never used for training. With --model a model answers that has
nothing but its material: it repeats the engine's answer, or picks the sentences that fit best; how often the material
has what was asked for is printed too. --against prints what was more right in the results of a file.
Exits with 0 whatever the score.
"""

import argparse
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.evaluation.answers import report
from tests.evaluation.answers.client import ShopClient
from tests.evaluation.answers.data import (
    DEMO,
    EvaluationShop,
    list_shops,
    load_carried,
    load_conversations,
    load_demo_conversations,
    load_expectations,
    load_language_questions,
)
from tests.evaluation.answers.demo_server import RunningDemo, fill_shop, start_demo
from tests.evaluation.answers.material import model_environment, print_material, read_prompts, run_model
from tests.evaluation.answers.measurements import Row, ask_carried, ask_conversations, ask_languages, judge_again


def main() -> None:
    """Start, fill, ask, judge, print, stop."""
    given = _read_arguments()
    if given.rescore:
        _rescore(given.rescore, quiet=given.quiet)
        return
    shops = [shop for shop in list_shops() if given.shops in ("all", shop.part, shop.name)]
    rows: list[Row] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aisle-answers-")))
        model = stack.enter_context(run_model(given.model)) if given.model else None
        demo = stack.enter_context(start_demo(given.port, folder, model_environment(model) if model else {}))
        clients = _open_clients(demo, shops if given.messages or given.carried else [])
        if given.messages:
            messages = _ask_messages(clients, shops, with_demo=given.shops in ("all", "shared", DEMO))
            report.print_messages(messages, quiet=given.quiet)
            if model:
                print_material(messages, read_prompts(model))
            rows += messages
        if given.languages:
            languages = ask_languages(clients[DEMO], load_language_questions())
            report.print_languages(languages, quiet=given.quiet)
            rows += languages
        if given.carried:
            carried = ask_carried(clients, *load_carried())
            report.print_carried(carried, quiet=given.quiet)
            rows += carried
    if given.against:
        report.print_worse(rows, [json.loads(line) for line in given.against.read_text("utf-8").splitlines()])
    if given.out:
        given.out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _rescore(results: Path, *, quiet: bool) -> None:
    lines = results.read_text(encoding="utf-8").splitlines()
    rows = judge_again((json.loads(line) for line in lines), load_expectations())
    carried = [row for row in rows if row["class"] in ("carried", "not carried")]
    languages = [row for row in rows if "place" in row]
    messages = [row for row in rows if row not in carried and row not in languages]
    for kept, show in (
        (messages, report.print_messages),
        (languages, report.print_languages),
        (carried, report.print_carried),
    ):
        if kept:
            show(kept, quiet=quiet)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shops", default="all", help="all, train, check, shared, or the name of one shop")
    parser.add_argument("--messages", action="store_true", help="ask the shops' messages")
    parser.add_argument("--languages", action="store_true", help="ask the questions of twelve_languages.toml")
    parser.add_argument("--carried", action="store_true", help="ask for the things of carried.toml")
    parser.add_argument("--model", choices=("repeat", "pick"), help="what a model says of its material")
    parser.add_argument("--against", type=Path, help="results of --out that these are compared with")
    parser.add_argument("--port", type=int, default=18355)
    parser.add_argument("--out", type=Path, help="one line of JSON for each answer")
    parser.add_argument("--quiet", action="store_true", help="tables only")
    parser.add_argument(
        "--rescore", type=Path, help="judge the answers of a file written by --out again, asking nothing"
    )
    given = parser.parse_args()
    names = {"all", "train", "check", "shared", DEMO, *(shop.name for shop in list_shops())}
    if given.shops not in names:
        parser.error(f"--shops is one of {', '.join(sorted(names))}")
    given.messages = given.messages or not (given.languages or given.carried)
    return given


def _open_clients(demo: RunningDemo, shops: list[EvaluationShop]) -> dict[str, ShopClient]:
    for shop in shops:
        fill_shop(demo, shop)
    return {name: ShopClient(demo.base_url, key) for name, key in demo.secret_keys.items()}


def _ask_messages(clients: dict[str, ShopClient], shops: list[EvaluationShop], *, with_demo: bool) -> list[Row]:
    rows = ask_conversations(DEMO, clients[DEMO], load_demo_conversations()) if with_demo else []
    for shop in shops:
        rows += ask_conversations(shop.name, clients[shop.name], load_conversations(shop))
    return rows


if __name__ == "__main__":
    main()
