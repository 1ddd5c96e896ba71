"""Countries: named, meant by Europe, or left to the rest."""

from server.chat.answering.engine.places import covers, is_abroad, places_in, speaks_of_the_rest


def test_countries_are_found_in_the_shoppers_language() -> None:
    assert places_in("do you ship to the united kingdom or japan?") == {"GB", "JP"}
    assert places_in("Liefert ihr nach Österreich?", "de") == {"AT"}
    assert places_in("¿Envían a España?", "es") == {"ES"}
    assert places_in("to the UK, U.S. or Holland") == {"GB", "US", "NL"}


def test_words_are_no_countries() -> None:
    assert places_in("a jersey for us, in a can") == frozenset()


def test_europe_covers_its_members_only() -> None:
    text = "We ship to Norway and all countries of the European Union."
    assert covers(text, frozenset({"DE"}))
    assert covers(text, frozenset({"NO"}))
    assert not covers(text, frozenset({"JP"}))


def test_the_rest() -> None:
    assert speaks_of_the_rest("We do not ship to other countries at the moment.")
    assert not speaks_of_the_rest("We ship to Canada.")


def test_home_is_where_the_currency_is_paid() -> None:
    assert is_abroad("Canada", "USD")
    assert not is_abroad("Rates within the United States", "USD")
    assert not is_abroad("Large items", "USD")
