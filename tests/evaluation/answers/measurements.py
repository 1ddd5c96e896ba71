"""The three measurements: messages of shops, questions in twelve languages, things that are carried or not."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from tests.evaluation.answers.client import Session, ShopClient
from tests.evaluation.answers.data import expect_of, list_titles
from tests.evaluation.answers.verdict import (
    SOLD_OUT,
    Answer,
    first_found,
    is_found,
    judge,
    load_patterns,
    remove_empty_sentences,
    tidy,
)

PAUSE_S = 0.1
HITS = 3
CANDIDATES = 10
Row = dict[str, Any]
"""A result as it is kept: JSON values only."""


def ask_conversations(shop: str, client: ShopClient, conversations: Iterable[dict[str, Any]]) -> list[Row]:
    """Ask each conversation's turns one after another and judge every answer."""
    rows = []
    for conversation in conversations:
        session = client.open_session(conversation["locale"])
        for number, turn in enumerate(conversation["turns"], 1):
            answer = _ask(client, session, turn["text"])
            verdict, why = judge(turn["expect"], answer)
            rows.append(
                {
                    "id": f"{conversation['id']}.{number}", "shop": shop, "class": turn["class"],
                    "kind": turn["expect"]["kind"], "language": turn.get("language") or conversation["locale"],
                    "question": turn["text"], "verdict": verdict, "why": why,
                }
                | _kept(answer)
            )  # fmt: skip
    return rows


def ask_languages(client: ShopClient, questions: Iterable[dict[str, Any]]) -> list[Row]:
    """Search for, and ask in the chat, every question in every language."""
    rows = []
    for question in questions:
        for language, text in question["asked"].items():
            kind = "product" if "products" in question else "document"
            hits = client.search(text, kind, CANDIDATES)
            place = next((n for n, hit in enumerate(hits, 1) if is_wanted(question, hit)), None)
            answer = _ask(client, client.open_session(language), text)
            verdict, why = judge(expect_of(question, language), answer)
            rows.append(
                {
                    "id": f"{question['id']}.{language}", "shop": "demo", "class": kind, "language": language,
                    "question": text, "place": place, "verdict": verdict, "why": why,
                }
                | _kept(answer)
            )  # fmt: skip
    return rows


def judge_again(rows: Iterable[Row], expectations: dict[str, dict[str, Any]]) -> list[Row]:
    """The rows with the verdicts of today's expectations, by id; rows without one stay as they are."""
    judged = []
    for row in rows:
        if row["id"] in expectations:
            answer = Answer(
                text=row["answer"],
                cards=tuple(row["cards"]),
                order=row["order"],
                sources=tuple(row["sources"]),
                parts=tuple(row["parts"]),
            )
            verdict, why = judge(expectations[row["id"]], answer)
            row = row | {"verdict": verdict, "why": why}
        judged.append(row)
    return judged


def is_wanted(question: dict[str, Any], hit: dict[str, Any]) -> bool:
    """Whether a hit is one of the products, or a passage of the document that has the heading or the facts."""
    if "products" in question:
        return hit["id"] in question["products"]
    text = tidy(f"{hit['title']}\n{hit['text']}")
    if not is_found(f"^{question['document']}", text):
        return False
    has_facts = all(first_found(group, tidy(hit["text"])) for group in question["must"])
    return has_facts or (question["heading"] != question["document"] and question["heading"] in text)


def ask_carried(
    clients: dict[str, ShopClient], carried: Iterable[dict[str, Any]], not_carried: Iterable[dict[str, Any]]
) -> list[Row]:
    """Ask for things that the shops carry and for things that they do not; shops without a client are left out."""
    rows = []
    for group, things in (("carried", carried), ("not carried", not_carried)):
        for number, thing in enumerate(things, 1):
            if not (client := clients.get(thing["shop"])):
                continue
            answer = _ask(client, client.open_session(thing["language"]), thing["asked"])
            titles = [list_titles(thing["shop"])[each] for each in thing.get("products", ())]
            verdict = classify_carried(answer, titles) if group == "carried" else classify_not_carried(answer)
            rows.append(
                {
                    "id": f"{group} {number}", "shop": thing["shop"], "class": group, "language": thing["language"],
                    "question": thing["asked"], "verdict": verdict, "why": "; ".join(titles),
                }
                | _kept(answer)
            )  # fmt: skip
    return rows


def classify_carried(answer: Answer, titles: Iterable[str]) -> str:
    """ "shown" when one of the products is; otherwise "false absence" when the shop is said not to have it, or when
    something else is offered as the nearest; otherwise "missed": another product, a question back, or no answer."""
    text = tidy(answer.text)
    facts = remove_empty_sentences(text)
    cards = {tidy(card.removesuffix(SOLD_OUT)) for card in answer.cards}
    if any(tidy(title) in cards or tidy(title).lower() in facts.lower() for title in titles):
        return "shown"
    patterns = load_patterns()
    if first_found([*patterns["denials"], *patterns["hedges"]], text):
        return "false absence"
    return "missed"


def classify_not_carried(answer: Answer) -> str:
    """ "false offer" when a product is shown as if it were the thing; otherwise "said so" when the shop is said not to
    have it, "nearest" when products are named as what comes nearest, "unsure" for the rest."""
    text = tidy(answer.text)
    patterns = load_patterns()
    has_denied = first_found(patterns["denials"], text) is not None
    has_hedged = first_found([*patterns["hedges"], *patterns["nearest"], *patterns["declines"]], text) is not None
    if answer.cards and not has_denied and not has_hedged:
        return "false offer"
    if has_denied:
        return "said so"
    return "nearest" if answer.cards else "unsure"


def _ask(client: ShopClient, session: Session, text: str) -> Answer:
    time.sleep(PAUSE_S)
    return client.ask(session, text)


def _kept(answer: Answer) -> Row:
    return {
        "answer": answer.text, "cards": list(answer.cards), "order": answer.order, "sources": list(answer.sources),
        "parts": list(answer.parts), "seconds": round(answer.seconds, 2),
    }  # fmt: skip


def share(rows: Iterable[Row], is_counted: Callable[[Row], bool]) -> float:
    """Percent of the rows that count, 0 of none."""
    kept = list(rows)
    return 100 * sum(is_counted(row) for row in kept) / len(kept) if kept else 0.0
