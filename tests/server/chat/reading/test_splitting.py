"""Messages that ask several things, and messages that ask one."""

import pytest

from server.chat.answering.reading.splitting import split_questions
from server.languages.words import language


@pytest.mark.parametrize(
    ("code", "text", "count"),
    [
        ("en", "do you ship to Canada and what is the return window?", 2),
        ("en", "do you ship to Trinidad and Tobago?", 1),
        ("en", "can I return and exchange?", 1),
        ("de", "Wie lange dauert die Lieferung und wie kann ich bezahlen?", 2),
        ("de", "Versendet ihr nach Österreich, was kostet das?", 2),
        ("fr", "Livrez-vous en Suisse et combien ça coûte ?", 2),
        ("es", "¿Hacen envíos a Canarias y cuánto cuesta?", 2),
        ("it", "Spedite in Svizzera e quanto costa?", 2),
        ("pt", "Entregam em Portugal e quanto custa?", 2),
        ("nl", "Leveren jullie in België en wat kost dat?", 2),
        ("pl", "Czy wysyłacie do Niemiec i ile to kosztuje?", 2),
        ("sv", "Skickar ni till Norge och vad kostar det?", 2),
        ("tr", "kargo ücreti ne kadar ve iade var mı?", 2),
        ("tr", "çadır ve uyku tulumu var mı", 1),
        ("ar", "هل توصلون للكويت وكم التوصيل؟", 2),
        ("ar", "متى يصل الطلب وهل يمكنني ارجاعه؟", 2),
        ("ja", "送料はいくらですか、返品はできますか", 2),
        ("ja", "送料はいくらですか？返品できますか？", 2),
        ("ja", "黒の、軽いテントはありますか", 1),
        ("en", "compare the Nimbus and the Cumulus", 1),
    ],
)
def test_a_message_falls_apart_into_its_questions(code: str, text: str, count: int) -> None:
    pieces = split_questions(text, language(code))
    assert len(pieces) == count
    assert all(piece in text for piece in pieces)


def test_pieces_are_the_shoppers_own_words() -> None:
    assert split_questions("Größe? Und wie teuer?", language("de")) == ["Größe?", "Und wie teuer?"]


def test_there_are_at_most_four() -> None:
    assert len(split_questions("how big? how old? how far? how deep? how hot? how wet?", language("en"))) == 4
