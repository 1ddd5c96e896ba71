"""The grounding has no word of any language in its code: words are data of server/languages."""

import ast
import re
from pathlib import Path

from msgspec import Struct

import server.chat.answering.grounding as grounding
import server.chat.languages.figures as figures_module
from server.chat.answering.grounding.calendar import calendar
from server.chat.answering.grounding.vocabulary import vocabulary
from server.chat.languages.figures import load_figures
from server.chat.languages.folding import fold

FOLDER = Path(grounding.__file__).parent
GROUP_NAME = re.compile(r"\(\?P[<=]\w+[>)]")
FIELDS = frozenset(
    field
    for record in vars(figures_module).values()
    if isinstance(record, type) and issubclass(record, Struct)
    for field in record.__struct_fields__
)
OUR_NAMES = frozenset(
    [
        "date",
        "day",
        "days",
        "duration",
        "free",
        "hour",
        "measure",
        "minute",
        "money",
        "month",
        "number",
        "percent",
        "piece",
        "relative",
        "time",
        "weekday",
        "year",
        "available",
        "stock",
        "title",
    ]
)
"""Names of ours, in keys ("duration:3:day"), of fields and of groups in patterns."""


def literals(path: Path) -> list[str]:
    """The texts in a module's code, without docstrings and type hints."""
    tree = ast.parse(path.read_text("utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements
    ]


def words_of_languages() -> set[str]:
    known, names = vocabulary(), calendar()
    words = {
        word
        for group in (
            known.units,
            known.duals,
            known.numbers,
            known.one,
            known.articles,
            known.within,
            known.fillers,
            known.currencies,
            names.months,
            names.days,
            names.short_weekdays,
        )
        for phrase in group
        for word in phrase.split()
    }
    for figures in load_figures().values():
        for text in (*figures.free.words, *figures.free.in_sources, *figures.limits.words):
            words |= set(fold(text).rstrip("*").split())
    return {word for word in words if len(word) > 1 and word.isalpha()}


def test_no_text_in_the_code_has_a_word_of_a_language() -> None:
    known = words_of_languages() - OUR_NAMES
    assert {"tage", "treinta", "gun", "日間", "gratis"} <= known
    for path in sorted(FOLDER.glob("*.py")):
        if path.name in ("links.py", "facts.py"):
            continue  # addresses, and the fields of our own records
        for text in literals(path):
            if text in FIELDS or text.isupper():
                continue
            found = set(re.findall(r"[^\W\d_]{2,}", fold(GROUP_NAME.sub("", text)))) & known
            assert not found, f"{path.name}: {text!r} has {found}"
