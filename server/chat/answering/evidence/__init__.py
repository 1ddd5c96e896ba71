"""Evidence: which piece of a shop's texts answers a question, and how sure that is."""

from server.chat.answering.evidence.features import EvidenceQuery, answers_for, speaks_of_countries
from server.chat.answering.evidence.headings import Headings
from server.chat.answering.evidence.scorer import Scored, score

__all__ = ["EvidenceQuery", "Headings", "Scored", "answers_for", "score", "speaks_of_countries"]
