"""Trains the scorer of evidence, and says how good it is on shops that it has not seen.

    python -m tests.evaluation.answers.train_scorer [--vectors FILE] [--dry]

A linear ranking of a question's units against "nothing answers", with the signs of the weights given, so that no unit
becomes less likely by being more similar; then two numbers that make the best units' scores a probability. The shops
"vallescura" and "kiekeboe" are never trained on. The same data give the same file on every run.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.chat.answering.evidence.features import FEATURES
from server.chat.answering.evidence.scorer import MODEL_FILE, Scorer
from tests.evaluation.answers.scorer_candidates import Rated, Vectors, rate
from tests.evaluation.answers.scorer_questions import PRODUCT_QA, NearestTitle, read_questions, read_shops

SIDES = {"documents": False, "page": True}
PAGE_FEATURES = (
    "similar",
    "similar_multilingual",
    "below_best",
    "words_here",
    "same_figure",
    "question_back",
    "subject",
)
"""With more the cross-validated figures of pages become worse."""
FALLS = frozenset({"below_best", "lacks_sort", "other_place", "question_back"})
"""More of it never makes a unit likelier. Kinds of units may go either way, everything else makes it likelier."""
FREE = frozenset({"row", "answer"})
FOLDS = 4
SHRINKAGE = 0.0005
STEPS = 300
UNANSWERED_WEIGHT = 0.5
PRODUCT_QA_WEIGHT = 1.0
PART = 0.5
"""From this label on a unit counts as an answer in the figures of probability."""


def train(rated: Sequence[Rated], *, is_page: bool) -> Scorer:
    """A scorer for one side from questions of that side."""
    bounds = _bounds(is_page=is_page)
    shops = list(dict.fromkeys(_group(each, number) for number, each in enumerate(rated)))
    scored = []
    for fold in range(FOLDS):
        held = set(shops[fold::FOLDS])
        is_held = [_group(each, number) in held for number, each in enumerate(rated)]
        weights = _fit([each for each, out in zip(rated, is_held, strict=True) if not out], *bounds)
        scored += [(each.rows @ weights, each.labels) for each, out in zip(rated, is_held, strict=True) if out]
    weights = _fit(rated, *bounds)
    return Scorer(weights.astype(np.float32), calibrate(scored).astype(np.float32))


def _group(rated: Rated, number: int) -> str:
    """Questions that are held back together: of a shop, or of a quarter of those that are of none."""
    return rated.question.shop if rated.question.part != PRODUCT_QA else f"{PRODUCT_QA} {number % FOLDS}"


def _bounds(*, is_page: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    used = [not is_page or name in PAGE_FEATURES for name in FEATURES]
    low = np.array([-20.0 * (use and name in FALLS | FREE) for name, use in zip(FEATURES, used, strict=True)])
    high = np.array([20.0 * (use and name not in FALLS) for name, use in zip(FEATURES, used, strict=True)])
    return low, high


def _fit(rated: Sequence[Rated], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.float64]:
    importance = np.array([PRODUCT_QA_WEIGHT if each.question.part == PRODUCT_QA else 1.0 for each in rated])
    return fit_ranking([each.rows for each in rated], [each.labels for each in rated], importance, low, high)


def fit_ranking(
    rows_of: Sequence[NDArray[np.float64]],
    labels_of: Sequence[NDArray[np.float64]],
    importance: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    shrinkage: float = SHRINKAGE,
) -> NDArray[np.float64]:
    """Weights that give those that answer the largest share of exp(score), with "nothing answers" among them (Adam,
    projected onto the bounds). `rows_of` and `labels_of` have an array for each question."""
    sizes = [len(each) for each in labels_of]
    starts = np.cumsum([0, *sizes[:-1]])
    rows = np.concatenate(rows_of)
    answers = np.concatenate([each >= min(1.0, each.max() or 1.0) for each in labels_of])
    is_answered = np.array([each.max() > 0 for each in labels_of])
    importance = importance * np.where(is_answered, 1.0, UNANSWERED_WEIGHT)
    low, high = np.append(low, -30.0), np.append(high, 30.0)  # the last is the score of "nothing answers"
    weights = np.zeros(len(low))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        scores = rows @ weights[:-1]
        top = np.maximum(np.maximum.reduceat(scores, starts), weights[-1])
        shares = np.exp(scores - np.repeat(top, sizes))
        nothing = np.exp(weights[-1] - top)
        total = np.add.reduceat(shares, starts) + nothing
        shares /= np.repeat(total, sizes)
        right = shares * answers
        wanted = right / np.repeat(np.maximum(np.add.reduceat(right, starts), 1e-12), sizes)
        slope = np.append(
            rows.T @ (np.repeat(importance, sizes) * (shares - wanted)),
            importance @ (nothing / total - ~is_answered),
        )
        slope = slope / importance.sum() + shrinkage * np.append(weights[:-1], 0.0)
        mean, square = 0.9 * mean + 0.1 * slope, 0.999 * square + 0.001 * slope**2
        weights = weights - 0.05 * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights = np.clip(weights, low, high)
    return weights[:-1]


def calibrate(
    scored: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], *, by_lead: bool = True
) -> NDArray[np.float64]:
    """Log odds from a score and, `by_lead`, its lead, fitted to the best of each question, and with the lead to the
    three best (Newton's method). `scored` are pairs (scores, labels) by rankings that had not seen the question's
    shop."""
    inputs, labels = [], []
    for scores, right in scored:
        order = np.argsort(-scores, kind="stable")
        following = scores[order[1]] if len(scores) > 1 else scores[order[0]] - 1.0
        for index in order[: 3 if by_lead else 1]:
            against = following if index == order[0] else scores[order[0]]
            inputs.append((1.0, scores[index], np.clip(scores[index] - against, -2.0, 2.0)))
            labels.append(right[index])
    table, wanted = np.array(inputs), np.array(labels)
    if by_lead and (found := _logistic(table, wanted))[2] >= 0:  # being ahead must not make a unit less likely
        return found
    return np.append(_logistic(table[:, :2], wanted), 0.0)


def _logistic(table: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.zeros(table.shape[1])
    for _ in range(40):
        odds = 1 / (1 + np.exp(-table @ found))
        curvature = (table * (odds * (1 - odds))[:, None]).T @ table + 0.5 * np.eye(len(found))
        found -= np.linalg.solve(curvature, table.T @ (odds - wanted) + 0.5 * found)
    return found


def cross_validate(rated: Sequence[Rated]) -> list[tuple[Rated, float, float]]:
    """(question, probability of its best unit, label of that unit), each by a scorer that has not seen the shop; for
    the questions about product pages, which are of no shop, that has not seen their half."""
    found = []
    for is_page in SIDES.values():
        side = [each for each in rated if each.question.is_page is is_page]
        graded = [each for each in side if each.question.part == PRODUCT_QA]
        ours = [each for each in side if each.question.part not in (PRODUCT_QA, "check")]
        parts: list[tuple[list[Rated], list[Rated]]] = []
        for shop in dict.fromkeys(each.question.shop for each in ours):
            seen = [each for each in ours if each.question.shop != shop]
            parts.append((seen + graded, [each for each in ours if each.question.shop == shop]))
        parts.append((ours + graded, [each for each in side if each.question.part == "check"]))
        parts += [(ours + graded[half::2], graded[1 - half :: 2]) for half in (0, 1) if graded]
        for seen, unseen in parts:
            scorer = train(seen, is_page=is_page)
            for each in unseen:
                chances = scorer.probabilities(each.rows.astype(np.float32))
                best = int(np.argmax(chances))
                found.append((each, float(chances[best]), float(each.labels[best])))
    return found


def print_figures(found: Sequence[tuple[Rated, float, float]]) -> None:
    """P@1 of the questions that a unit answers, AUROC of answered against not, and how true the probabilities are."""
    groups: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for each, chance, label in found:
        question = each.question
        side = "page" if question.is_page else "documents"
        tongue = "same language" if question.language == question.shop_language else "other language"
        names = [f"{side}, {question.part if question.part in (PRODUCT_QA, 'check') else 'train'}"]
        if question.part != PRODUCT_QA:
            names = [f"{names[0]}, {'made up' if question.sort == 'made up' else 'messages'}"]
            names += [f"{names[0]}, {tongue}", f"{side}, {question.shop}"]
        for name in names:
            groups[name].append((chance, label, float(each.labels.max())))
    print(f"{'':52} {'n':>4} {'P@1':>5} {'AUROC':>6}")
    for name, rows in sorted(groups.items()):
        chances, labels, best = np.array(rows).T
        answered = best >= 1
        precision = (labels[answered] >= 1).mean() if answered.any() else float("nan")
        print(f"{name:52} {len(rows):4d} {precision:5.2f} {auroc(chances[best > 0], chances[best == 0]):6.2f}")
    print(f"\n{'probability':24} {'n':>4} {'said':>5} {'true':>5}")
    for name, is_page in SIDES.items():
        for low in np.arange(0.0, 1.0, 0.1):
            rows = [(c, r) for each, c, r in found if each.question.is_page is is_page and low <= c < low + 0.1]
            if rows:
                chances, labels = np.array(rows).T
                print(
                    f"{name:10} {low:.1f} to {low + 0.1:.1f}    {len(rows):4d} {chances.mean():5.2f} "
                    f"{(labels >= PART).mean():5.2f}"
                )


def auroc(answered: NDArray[np.float64], unanswered: NDArray[np.float64]) -> float:
    if not len(answered) or not len(unanswered):
        return float("nan")
    return float(np.mean([(each > unanswered).mean() + 0.5 * (each == unanswered).mean() for each in answered]))


def write(scorers: dict[str, Scorer], file: Path) -> None:
    """Store the scorers of both sides with the names of their features."""
    arrays = {"features": np.array(FEATURES)}
    for name, scorer in scorers.items():
        arrays |= {name: scorer.weights, f"{name}_calibration": scorer.calibration}
    np.savez(file, **arrays)


def main(arguments: Iterable[str] | None = None, out: Callable[[str], None] = print) -> None:
    """Train, print the figures, and write the file unless `--dry` says not to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--vectors", type=Path, help="a file to keep computed vectors in")
    parser.add_argument("--dry", action="store_true", help="print the figures only")
    options = parser.parse_args(None if arguments is None else list(arguments))
    vectors = Vectors(options.vectors)
    questions = read_questions(read_shops(), NearestTitle(vectors.multilingual))
    rated = [rate(question, vectors) for question in questions]
    vectors.save()
    print_figures(cross_validate(rated))
    scorers = {}
    for name, is_page in SIDES.items():
        side = [each for each in rated if each.question.is_page is is_page and each.question.part != "check"]
        scorers[name] = train(side, is_page=is_page)
        out(f"\n{name}: " + ", ".join(
            f"{feature} {weight:.2f}" for feature, weight in zip(FEATURES, scorers[name].weights, strict=True) if weight
        ))  # fmt: skip
    if not options.dry:
        write(scorers, MODEL_FILE)


if __name__ == "__main__":
    main()
