"""BERT's uncased WordPiece over a vocabulary file: text to token ids."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

MAX_TOKENS = 256
"""The longest text that the model was trained on, the two control tokens included."""

_MAX_CHARACTERS = 16_384  # enough for 256 tokens of any prose, so that a huge text costs nothing
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"


class WordPieceTokenizer:
    """Thread-safe. A control token typed by a shopper is ordinary text: "[SEP]" is "[", "sep" and "]"."""

    def __init__(self, vocabulary: Path) -> None:
        # The control tokens are never registered with the tokenizer: it would then look for them in the text.
        self._tokenizer = Tokenizer(WordPiece.from_file(str(vocabulary), unk_token=_UNKNOWN))
        self._tokenizer.normalizer = BertNormalizer(lowercase=True)
        self._tokenizer.pre_tokenizer = BertPreTokenizer()
        self._tokenizer.enable_truncation(MAX_TOKENS - 2)
        self._start, self._end = self._control_id(_START), self._control_id(_END)

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text: a start token, at most 254 pieces, an end token."""
        # Lone surrogates are legal in a Python string and refused by the tokenizer.
        clean = [text[:_MAX_CHARACTERS].encode("utf-8", "replace").decode() for text in texts]
        return [[self._start, *found.ids, self._end] for found in self._tokenizer.encode_batch_fast(clean)]

    def _control_id(self, token: str) -> int:
        found = self._tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the vocabulary has no {token}: it is not BERT's")
        return found
