"""The candidates of a training question as the engine would see them: their vectors, and their features."""

import asyncio
import pickle
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from server.chat.answering.evidence.features import MAIN_LANGUAGE, EvidenceQuery, features, heading_text
from server.chat.answering.evidence.subjects import subjects_of
from server.chat.answering.reading.intents import topics_of
from server.chat.answering.reading.models import ASKED
from server.chat.models import Candidate
from server.chat.tools.find_evidence import MAX_DOCUMENT_UNITS
from server.knowledge.evidence.unit import labelled_text
from server.knowledge.evidence.vectors import document_text, product_text
from server.languages.words import language
from server.models.local import LocalEmbedder
from server.models.multilingual import MultilingualEmbedder
from tests.evaluation.answers.scorer_questions import ScorerQuestion


class Rated(Struct, frozen=True, kw_only=True):
    """A question with the features of its candidates and their labels."""

    question: ScorerQuestion
    rows: NDArray[np.float64]
    labels: NDArray[np.float64]


class Vectors:
    """The vectors of texts by both embedders, kept in a file between runs where one is named."""

    def __init__(self, file: Path | None) -> None:
        folder = Path(tempfile.gettempdir()) / "aisle-train-scorer"
        folder.mkdir(exist_ok=True)
        self._file = file
        self._main, self._multilingual = LocalEmbedder(cache_dir=folder), MultilingualEmbedder(cache_dir=folder)
        self._known: dict[tuple[str, str], NDArray[np.float32]] = {}
        if file and file.exists():
            self._known = pickle.loads(file.read_bytes())

    def main(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Of shape (texts, dimensions)."""
        return self._of("", texts)

    def multilingual(self, texts: Sequence[str], language: str = MAIN_LANGUAGE) -> NDArray[np.float32]:
        """As `main`; `language` is that of the texts."""
        return self._of(language, texts)

    def save(self) -> None:
        """Write what was computed to the file."""
        if self._file:
            self._file.write_bytes(pickle.dumps(self._known))

    def _of(self, language: str, texts: Sequence[str]) -> NDArray[np.float32]:
        missing = [text for text in dict.fromkeys(texts) if (language, text) not in self._known]
        if missing:
            made = (
                self._multilingual.embed_passages(missing, language) if language else self._main.embed_passages(missing)
            )
            self._known |= {(language, text): v for text, v in zip(missing, asyncio.run(made), strict=True)}
        return np.stack([self._known[language, text] for text in texts])


def rate(question: ScorerQuestion, vectors: Vectors) -> Rated:
    """The features of the candidates that the engine would see: those of a document that are most similar."""
    asked_in, shop = language(question.language), question.shop_language
    normalised = asked_in.normalise(question.text)
    vector = vectors.multilingual([question.text], question.language)[0]
    asked = EvidenceQuery(
        text=question.text,
        normalised=normalised,
        language=asked_in,
        asks=frozenset(name for name in ASKED if getattr(asked_in.words.questions, name).found_in(normalised)),
        vector=vector,
        topics=topics_of(vector),
    )
    texts = [(product_text if question.is_page else document_text)(unit) for unit in question.units]
    if shop == question.language == MAIN_LANGUAGE:
        similar = vectors.main([text.whole for text in texts]) @ vectors.main([question.text])[0]
    else:
        units = vectors.multilingual([text.own for text in texts], shop)
        if not question.is_page:
            units = units + vectors.multilingual([text.place for text in texts], shop)
            units = units / np.linalg.norm(units, axis=1, keepdims=True)
        similar = units @ vector
    kept = np.argsort(-similar, kind="stable")[: len(texts) if question.is_page else MAX_DOCUMENT_UNITS]
    candidates = [
        Candidate(
            unit=question.units[index],
            source_id=str(index),
            similarity=float(similar[index]),
            is_product=question.is_page,
        )
        for index in sorted(kept)
    ]
    rows = features(asked, _described(candidates, shop, vectors), shop)
    return Rated(question=question, rows=rows.astype(float), labels=question.labels[np.sort(kept)])


def _described(candidates: Sequence[Candidate], shop: str, vectors: Vectors) -> list[Candidate]:
    texts = vectors.multilingual([labelled_text(each.unit) for each in candidates], shop)
    if candidates[0].is_product:
        return [
            msgspec.structs.replace(each, text_vector=text, subjects=subjects_of(text))
            for each, text in zip(candidates, texts, strict=True)
        ]
    headings = vectors.multilingual([heading_text(each.unit) for each in candidates], shop)
    return [
        msgspec.structs.replace(
            each, heading_topics=topics_of(heading), text_vector=text, subjects=subjects_of(text, heading)
        )
        for each, heading, text in zip(candidates, headings, texts, strict=True)
    ]
