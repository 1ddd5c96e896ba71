"""Whether what a shopper reads in place of a sentence has its fact."""

import re

import numpy as np

from server.chat.answering.grounding.amounts import is_same
from server.chat.answering.grounding.statements import read_statement
from tests.server.chat.engine.embedding import multilingual

SAME = 0.5
"""From this cosine of their vectors on two sentences are about the same: most true paraphrases have .53 or more with
the text that they rest on."""
CURRENCY = "USD"
_BREAK = re.compile(r"\n+|(?<=[.!?;])\s+")


async def has_fact(sentence: str, language: str, answer: str) -> bool:
    """Whether an answer, partly in the shop's language, has every figure of a sentence and says about the same."""
    parts = [part.strip() for part in _BREAK.split(answer.replace("*", "")) if part.strip()]
    read = [read_statement(part, each, CURRENCY) for part in parts for each in {language, "en"}]
    figures = [figure for part in read for figure in part.figures]
    stated = read_statement(sentence, language, CURRENCY, "en").figures
    if not parts or not all(any(is_same(each, figure) for figure in figures) for each in stated):
        return False
    vectors = await multilingual().embed_passages([sentence, *parts], language)
    return float(np.max(np.stack(vectors[1:]) @ vectors[0])) >= SAME
