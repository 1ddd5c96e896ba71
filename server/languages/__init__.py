"""The languages Aisle speaks, as data: each folder here is one language, and adding a language is adding a folder.

What a file holds is said by the record it is read into, which stands where it is used.
"""

from server.languages.loading import LANGUAGES, MASTER, language_of_locale, load_records

__all__ = ["LANGUAGES", "MASTER", "language_of_locale", "load_records"]
