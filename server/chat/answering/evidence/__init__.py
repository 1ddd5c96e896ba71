"""Evidence: which piece of a shop's texts answers a question, and how sure that is."""

from server.chat.answering.evidence.features import EvidenceQuery, answers_for, speaks_of_countries
from server.chat.answering.evidence.headings import Headings
from server.chat.answering.evidence.scorer import Scored, score
from server.chat.answering.evidence.subjects import caution_of, subjects_of

__all__ = [
    "EvidenceQuery",
    "Headings",
    "Scored",
    "answers_for",
    "caution_of",
    "score",
    "speaks_of_countries",
    "subjects_of",
]
