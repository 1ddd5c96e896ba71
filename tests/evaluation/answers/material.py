"""A model that has nothing but its material, and whether that has what was asked for."""

import html
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.evaluation.answers.data import load_expectations
from tests.evaluation.answers.measurements import Row
from tests.evaluation.answers.verdict import first_found, tidy
from tests.standins.openai_behaviour import read_turn
from tests.standins.openai_server import RunningStandin, running

FACTUAL = ("answer", "products", "order")
"""Kinds of messages whose right answer has facts."""


@contextmanager
def run_model(mode: str) -> Iterator[RunningStandin]:
    """A server that answers as a mode of tests.standins.openai_server says."""
    with running("--no-validate") as model:
        model.configure(mode=mode)
        yield model


def model_environment(model: RunningStandin) -> dict[str, str]:
    """What an installation needs to ask it."""
    return {"OPENAI_API_KEY": "sk-evaluation", "OPENAI_BASE_URL": model.base_url}


def read_prompts(model: RunningStandin) -> dict[str, str]:
    """The last prompt of each question, as plain text."""
    turns = [read_turn(json.loads(each["body"])) for each in model.requests() if each["path"] == "/chat/completions"]
    return {turn.said: html.unescape(turn.system) for turn in turns}


def print_material(rows: list[Row], prompts: dict[str, str]) -> None:
    """For how many of the messages that were put to the model its material has every fact asked for, by class."""
    expectations, counts = load_expectations(), Counter[tuple[str, bool]]()
    for row in rows:
        expect, prompt = expectations[row["id"]], prompts.get(row["question"])
        if prompt is None or row["kind"] not in FACTUAL or not expect.get("must"):
            continue
        has_all = all(first_found(group, tidy(prompt)) for group in expect["must"])
        for name in (row["class"], "ALL"):
            counts[name, has_all] += 1
    print(f"\n{'material':20s} {'n':>4s} {'has all %':>10s}")
    for name in sorted({name for name, _ in counts}, key=lambda name: (name == "ALL", name)):
        has, total = counts[name, True], counts[name, True] + counts[name, False]
        print(f"{name:20s} {total:4d} {100 * has / total:10.0f}")
