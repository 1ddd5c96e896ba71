"""Prints results as tables, and the wrong answers one by one."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.evaluation.answers.data import LANGUAGES
from tests.evaluation.answers.measurements import HITS, Row, share

GOOD = ("right", "declined_ok")
VERDICTS = (*GOOD, "partial", "declined", "wrong")


def print_messages(rows: list[Row], *, quiet: bool) -> None:
    """Tables by class, shop and language."""
    if not quiet:
        print_wrong(rows, ("wrong",))
    for key in ("class", "shop", "language"):
        _print_verdicts(rows, key)


def print_languages(rows: list[Row], *, quiet: bool) -> None:
    """One line a language: hits among the first three, right and wrong answers, for products and for policies."""
    if not quiet:
        print_wrong(rows, ("wrong", "partial"))
    print(
        f"\n{'language':10s} {'n':>4s} {f'hit@{HITS} %':>8s} {'products':>9s} {'policies':>9s}"
        f" {'right %':>8s} {'wrong %':>8s}"
    )
    for language in (*LANGUAGES, "ALL"):
        own = [row for row in rows if language in (row["language"], "ALL")]
        hits = [share(_of_class(own, kind), _is_hit) for kind in ("product", "document")]
        right = share(own, lambda row: row["verdict"] == "right")
        wrong = share(own, lambda row: row["verdict"] == "wrong")
        print(
            f"{language:10s} {len(own):4d} {share(own, _is_hit):8.0f} {hits[0]:9.0f} {hits[1]:9.0f}"
            f" {right:8.0f} {wrong:8.0f}"
        )


def print_carried(rows: list[Row], *, quiet: bool) -> None:
    """What was said of carried things and of others, by shop."""
    if not quiet:
        print_wrong(rows, ("false absence", "missed", "false offer"))
    for group, verdicts in (
        ("carried", ("shown", "missed", "false absence")),
        ("not carried", ("said so", "nearest", "unsure", "false offer")),
    ):
        own = _of_class(rows, group)
        print(f"\n{group:14s} {'n':>4s} " + " ".join(f"{verdict + ' %':>16s}" for verdict in verdicts))
        for shop in (*sorted({row["shop"] for row in own}), "ALL"):
            kept = [row for row in own if shop in (row["shop"], "ALL")]
            counts = Counter(row["verdict"] for row in kept)
            shares = " ".join(f"{100 * counts[verdict] / len(kept):16.0f}" for verdict in verdicts)
            print(f"{shop:14s} {len(kept):4d} {shares}")


def print_worse(rows: list[Row], before: list[Row]) -> None:
    """The results that were good in another run and are not in this one, and how many are good in both."""
    old = {row["id"]: row["verdict"] for row in before}
    worse = [row for row in rows if old.get(row["id"]) in GOOD and row["verdict"] not in GOOD]
    better = [row for row in rows if row["id"] in old and old[row["id"]] not in GOOD and row["verdict"] in GOOD]
    print_wrong(worse, VERDICTS)
    print(f"\n{len(worse)} were good before and are not, {len(better)} are good and were not, of {len(rows)}")


def print_wrong(rows: Iterable[Row], verdicts: tuple[str, ...]) -> None:
    """Each result of these verdicts: question, answer, cards and reason."""
    for row in rows:
        if row["verdict"] in verdicts:
            cards = f"  [{'; '.join(row['cards'])}]" if row["cards"] else ""
            print(f"- {row['id']} ({row['class']}) {row['verdict']}: {row['question']}")
            print(f"    said: {' '.join(row['answer'].split())[:300]}{cards}\n    {row['why']}")


def _print_verdicts(rows: list[Row], key: str) -> None:
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        groups[row[key]][row["verdict"]] += 1
        groups["ALL"][row["verdict"]] += 1
    names = [*sorted(name for name in groups if name != "ALL"), *(["ALL"] if rows else [])]
    print(
        f"\n{'by ' + key:20s} {'n':>4s} {'good %':>7s} {'right':>6s} {'partial':>8s}"
        f" {'declined ok':>12s} {'declined':>9s} {'wrong':>6s} {'wrong %':>8s}"
    )
    for name in names:
        counts = groups[name]
        total = counts.total()
        good = sum(counts[verdict] for verdict in GOOD)
        print(
            f"{name:20s} {total:4d} {100 * good / total:7.0f} {counts['right']:6d} {counts['partial']:8d}"
            f" {counts['declined_ok']:12d} {counts['declined']:9d} {counts['wrong']:6d}"
            f" {100 * counts['wrong'] / total:8.0f}"
        )


def _of_class(rows: Iterable[Row], name: str) -> list[Row]:
    return [row for row in rows if row["class"] == name]


def _is_hit(row: Row) -> bool:
    return row["place"] is not None and row["place"] <= HITS
