"""How phrases of the language data are found in texts."""

import pytest

from server.languages.matching import normalise, phrases_in, words_of
from server.languages.words import language


@pytest.mark.parametrize(
    ("code", "phrase", "text", "found"),
    [
        ("en", "track*", "tracking number", True),
        ("en", "track", "tracking number", False),
        ("en", "where ... order", "where is my big order", True),
        ("en", "where ... order", "where is the place in which I can look at my order", False),
        ("en", "where ... order", "where order", True),
        ("en", "^and", "and in blue", True),
        ("en", "^and", "salt and pepper", False),
        ("en", "please$", "a human please!", True),
        ("en", "please$", "please wait", False),
        ("en", "off-white", "off white", True),
        ("en", "e mail", "e-mail", True),
        ("en", "mens", "women's", False),
        ("en", "men*", "women", False),
        ("en", "m", "i'm here", False),
        ("en", "m", "in M?", True),
        ("it", "ordine", "dov'è l'ordine", True),
        ("it", "l", "l'ordine", False),
        ("fr", "pas d'", "pas d'alcool", True),
        ("fr", "jusqu'a", "jusqu’à 50", True),
        ("tr", "tl", "500 tl'ye kadar", True),
        ("pl", "przesylka", "gdzie jest przesyłka", True),
        ("de", "grosse", "welche Größe", True),
        ("tr", "ilgi", "İLGİ", True),
        ("ar", "طلب*", "أين طلبي", True),
        ("ar", "طلب", "متى يصل الطلب", True),
        ("ar", "كم", "وكم السعر", True),
        ("ar", "كم", "عندكم", False),
        ("ja", "送料", "送料はいくらですか", True),
        ("ja", "いつ ... 届", "いつ届きますか", True),
        ("ja", "いつ ... 届", "いつ頃に届きますか", True),
        ("ja", "黒$", "色は黒", True),
        ("ja", "黒$", "黒板", False),
        ("ja", "^これ", "これは何", True),
        ("ja", "^これ", "あとこれは", False),
        ("ja", "レインコート", "ﾚｲﾝｺｰﾄ", True),
    ],
)
def test_a_phrase_is_found(code: str, phrase: str, text: str, found: bool) -> None:
    assert phrases_in(code, [phrase]).found_in(normalise(text)) is found


def test_of_phrases_that_begin_together_the_longest_is_found() -> None:
    phrases = phrases_in("en", ["no", "no more than", "more"])
    assert [place.text for place in phrases.places("no more than 5, no")] == ["no more than", "no"]


def test_what_is_found_can_be_taken_out() -> None:
    assert phrases_in("en", ["do you have", "please"]).removed_from("do you have tents please") == "tents"


def test_a_phrase_may_begin_the_text() -> None:
    phrases = phrases_in("en", ["us", "us dollar*"])
    place = phrases.begins("us dollars or euros")
    assert place is not None
    assert place.text == "us dollars"
    assert phrases.begins("in us dollars") is None


def test_words_have_one_form() -> None:
    assert words_of("L’Été, ŁÓDŹ: ٤٢ ｍｍ!") == ["l", "ete", "lodz", "42", "mm"]


def test_contractions_are_written_out() -> None:
    assert language("en").normalise("What's that? I'm late, can't wait") == "what is that? i am late, cannot wait"


def test_stems_leave_small_words_out_and_pair_the_signs_of_a_text_without_spaces() -> None:
    assert language("en").stems("Do you have waterproof jackets?") == ["waterproof", "jacket"]
    assert language("ja").stems("防水のジャケット")[:2] == ["防水", "水の"]
