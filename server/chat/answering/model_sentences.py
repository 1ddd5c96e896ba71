"""Sends the sentences of a model that may leave, and in place of another one what the shop's texts say."""

from server.chat.answering.grounding import clean_links
from server.chat.answering.grounding.verdicts import Quote, Verdict
from server.chat.answering.model_answer import ModelAnswer
from server.chat.languages import phrase
from server.chat.models import TextPiece
from server.chat.tools.find_evidence import find_units
from server.languages import language_of_locale

MAX_ANSWER_CHARACTERS = 6_000
MAX_SEARCHES = 2
"""How many sentences of an answer are searched for in the shop's documents before they are left out."""
MAX_NOTED = 160
NEAR = 0.5
"""From this nearness on a text says about what a sentence does, so that it may stand in its place."""


async def send_sentence(answer: ModelAnswer, sentence: str) -> None:
    """Send a sentence whose claims are carried, with links only to the hosts of the sources; in place of another one
    what the source says, or nothing."""
    if sum(map(len, answer.sentences)) > MAX_ANSWER_CHARACTERS:
        return
    clean = clean_links(sentence, answer.hosts)
    if _is_of_draft(answer, clean):
        answer.quoted += answer.asked.draft.cited
        answer.repeats_draft = True
        _send(answer, clean)
        return
    verdict = await _check(answer, clean)
    if not verdict.ok:
        answer.turn.transcript.notes.append(f"left out, unsupported ({verdict.reason}): {clean.strip()[:MAX_NOTED]}")
        answer.left_out += 1
        clean = _replacement(answer, verdict.nearest)
        if not clean:
            return
    else:
        answer.checker.accept()
        answer.receipts += verdict.receipts
    _send(answer, clean)


def complete_answer(answer: ModelAnswer) -> None:
    """Where sentences were left out and the rest does not rest on what the engine's answer does, that follows; where
    nothing else is known, that it is not."""
    rests_on = {receipt.source_id for receipt in answer.receipts}
    is_missing = answer.left_out and answer.sentences and answer.asked.draft.cited
    if is_missing and not set(answer.asked.draft.cited) & rests_on and _may_say_draft(answer):
        _send(answer, f"\n\n{_say_draft(answer)}")
    elif answer.left_out and answer.sentences and not (answer.says_draft or answer.quoted or rests_on):
        _send(answer, f"\n\n{phrase('unverified', answer.asked.question.locale)}")


def _send(answer: ModelAnswer, text: str) -> None:
    answer.sentences.append(text)
    answer.turn.transcript.add(TextPiece(text))


async def _check(answer: ModelAnswer, sentence: str) -> Verdict:
    """The verdict on a sentence, after it was compared by its meaning and, a few times in a turn, after a search for it
    in the shop's texts."""
    verdict = await _compared(answer, sentence)
    if verdict.ok or not verdict.is_open or answer.searches >= MAX_SEARCHES:
        return verdict
    answer.searches += 1
    tools = answer.turn.context
    await find_units(tools, sentence.strip(), language=answer.asked.reading.language)
    answer.checker.sources.add_candidates(tools.candidates.values())
    return await _compared(answer, sentence)


async def _compared(answer: ModelAnswer, sentence: str) -> Verdict:
    verdict = answer.checker.check(sentence)
    if verdict.ok or not verdict.to_compare:
        return verdict
    await answer.asked.meanings.load(verdict.to_compare, answer.asked.reading.language)
    return answer.checker.check(sentence)


def _replacement(answer: ModelAnswer, nearest: Quote | None) -> str:
    """What stands in place of a sentence that was left out: the engine's answer, once, where it says the same or has
    not been said, or the nearest text; empty where there is neither."""
    draft = answer.asked.draft
    quote = nearest if nearest and nearest.nearness >= NEAR and _is_quotable(answer, nearest) else None
    is_covered = not quote and set(draft.cited) & {receipt.source_id for receipt in answer.receipts}
    if _may_say_draft(answer) and not is_covered and (quote is None or quote.text in draft.text):
        return f"{_say_draft(answer)}\n\n"
    if quote is None or quote.text in "".join(answer.sentences):
        return ""
    return f"{_quoted(answer, quote)}\n\n"


def _is_of_draft(answer: ModelAnswer, sentence: str) -> bool:
    """Whether it is a sentence of the engine's answer, which needs no other check."""
    draft = answer.asked.draft
    return draft.says(sentence) and answer.checker.sources.is_quotable(draft.text)


def _may_say_draft(answer: ModelAnswer) -> bool:
    draft = answer.asked.draft
    return not answer.says_draft and draft.is_answer and answer.checker.sources.is_quotable(draft.text)


def _say_draft(answer: ModelAnswer) -> str:
    answer.says_draft = True
    return clean_links(answer.asked.draft.text, answer.hosts)


def _is_quotable(answer: ModelAnswer, quote: Quote) -> bool:
    sources = answer.checker.sources
    return quote.source_id not in sources.suspicious and sources.is_quotable(f"{quote.heading} {quote.text}")


def _quoted(answer: ModelAnswer, quote: Quote) -> str:
    """A text with the name of the product or the heading that it belongs to."""
    question = answer.asked.question
    product = answer.turn.products.get(quote.source_id.removeprefix("product:"))
    name = product.card.title if product else quote.heading
    text = f"**{name}:** {quote.text}" if name else quote.text
    is_foreign = language_of_locale(question.shop_locale or question.locale) != answer.asked.reading.language
    if is_foreign and not answer.says_draft and not answer.quoted:
        text = f"{phrase('in_the_shops_words', question.locale)} {text}"
    answer.quoted.append(quote.source_id)
    return clean_links(text, answer.hosts)
