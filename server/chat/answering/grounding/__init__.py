"""No unsupported number leaves: figures of a sentence against the turn's sources, sentences of a stream, safe links."""

from server.chat.answering.grounding.check import Grounded, Grounder, load_words
from server.chat.answering.grounding.links import clean_links
from server.chat.answering.grounding.sentences import SentenceSplitter, split_sentences

__all__ = ["Grounded", "Grounder", "SentenceSplitter", "clean_links", "load_words", "split_sentences"]
