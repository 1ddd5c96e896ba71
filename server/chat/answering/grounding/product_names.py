"""Names of products in a sentence: a title, or as much of its beginning as names one product alone."""

import re

from server.chat.answering.grounding.titles import parts_of, title_pattern
from server.chat.languages.folding import fold

MIN_LETTERS = 4
MAX_WORDS = 16
_SENTENCE = re.compile(r"[^\W\d_]{3,}[.!?]\s|[.!?]$")


def is_title(text: str) -> bool:
    """Whether it is a name rather than a text: a sentence is none, nor is a row of many words."""
    return len(text.split()) <= MAX_WORDS and not _SENTENCE.search(text)


class NameIndex:
    """The titles of the turn's products with their shorter forms."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}
        self._forms: list[tuple[str, str]] | None = None

    def add(self, product_id: str, title: str) -> None:
        """One product."""
        self._titles[product_id] = title
        self._forms = None

    def mask(self, text: str) -> tuple[str, list[str]]:
        """The text with the names of products as spaces, and their ids in the order in which they are named."""
        if self._forms is None:
            self._forms = self._all_forms()
        folded, found = fold(text), list[tuple[int, str]]()
        for form, product_id in self._forms:
            for place in title_pattern(form).finditer(folded):
                if " " not in form and not text[place.start()].isupper():
                    continue
                found.append((place.start(), product_id))
                blank = " " * (place.end() - place.start())
                text = text[: place.start()] + blank + text[place.end() :]
                folded = folded[: place.start()] + blank + folded[place.end() :]
        return text, list(dict.fromkeys(product_id for _, product_id in sorted(found)))

    def _all_forms(self) -> list[tuple[str, str]]:
        """Each form with its product, the longest first; those that several share are no names."""
        owners: dict[str, set[str]] = {}
        for product_id, title in self._titles.items():
            for form in {title, *_short_forms(title)}:
                owners.setdefault(form, set()).add(product_id)
        full = {title: product_id for product_id, title in self._titles.items()}
        forms = [
            (form, full.get(form) or next(iter(ids))) for form, ids in owners.items() if len(ids) == 1 or form in full
        ]
        return sorted(forms, key=lambda each: -len(each[0]))


def _short_forms(title: str) -> list[str]:
    words = title.replace(",", " ").split()
    forms = [" ".join(words[:count]) for count in range(2, len(words))]
    first = words[0] if words else ""
    if len(words) > 1 and first.isalpha() and len(first) >= MIN_LETTERS:
        forms.append(first)
    return [form for form in forms if any(part.isalpha() for part in parts_of(form))]
