"""Sentences of the widget's twelve languages: abbreviations, ordinals, decimals, marks of other scripts."""

import pytest

from server.knowledge.evidence.reading_rules import known_languages, load_rules, rules_for
from server.knowledge.evidence.sentences import is_question, join_sentences, split_sentences

TWELVE = {"en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "tr", "ar", "ja"}

SPLIT = {
    "en": [
        "Delivery takes approx. 3.5 days, e.g. to Mr. Smith in St. Ives.",
        "It costs $4.95.",
        "Contains vitamin C.",
        "It is vegan!",
        "Is it?",
        "We sell oils, creams etc.",
        "Open on 3 May.",
    ],
    "de": [
        "Wir haben vom 3. Mai bis 5. Juni geschlossen.",
        "Der Versand kostet z. B. 4,90 Euro bzw. 5,90 Euro inkl. MwSt.",
        "Gilt im 2. Jahr.",
    ],
    "fr": ["La livraison coûte env. 4,90 €, p. ex. chez M. Dupont.", "Est-ce lavable ?", "Oui, à 30 °C."],
    "es": ["¿Cuánto cuesta?", "Cuesta aprox. 4,90 € (ref. 12).", "¡Gracias!", "Llame a la Sra. Ruiz."],
    "it": ["La consegna costa ca. 5 €.", "Vendiamo olii, creme ecc.", "Chieda al sig. Rossi."],
    "pt": ["A entrega custa aprox. 5 €.", "Fale com a Sra. Silva.", "São 3 un. por caixa."],
    "nl": ["De levering kost ca. 5 euro.", "Wij leveren o.a. in België, d.w.z. ook in Gent.", "Gratis vanaf 50 euro."],
    "pl": ["Dostawa trwa ok. 3 dni.", "Sklep jest czynny od 3. maja przy ul. Długiej.", "Mamy np. buty."],
    "sv": ["Leveransen tar ca. 3 dagar.", "Vi har t.ex. skor.", "Öppet till kl. 18 varje dag."],
    "tr": ["Teslimat 3. gün yapılır.", "Kargo ücreti yak. 29,90 TL.", "Dr. Ali önerir."],
    "ar": ["ما هي مدة التوصيل؟", "يستغرق التوصيل من 3 إلى 5 أيام، حسب المنطقة.", "لا نوصل يوم الجمعة."],
    "ja": ["配送には3.5日かかります。", "ただし、沖縄は除きます。", "返品できますか？", "はい、できます。"],
}


def test_every_language_of_the_widget_has_rules() -> None:
    assert set(known_languages()) >= TWELVE
    assert set(SPLIT) == TWELVE
    for code in TWELVE:
        rules = load_rules(code)
        assert rules.code == code
        assert rules.common
        assert rules.brand
        assert rules.category


@pytest.mark.parametrize("code", sorted(SPLIT))
def test_sentences_end_where_they_end(code: str) -> None:
    text = join_sentences(SPLIT[code])
    assert split_sentences(text, load_rules(code)) == SPLIT[code]


@pytest.mark.parametrize("code", sorted(SPLIT))
def test_the_language_is_read_from_the_text_and_the_locale_breaks_ties(code: str) -> None:
    assert rules_for(join_sentences(SPLIT[code]), code).code == code
    assert rules_for("XL 500", f"{code}-XX").code == code
    assert rules_for("", "xx").code == "en"


def test_a_long_german_text_in_an_english_shop_is_read_as_german() -> None:
    text = "Wir liefern in der Regel innerhalb von drei Tagen und der Versand ist für alle Kunden kostenlos."
    assert rules_for(text, "en-GB").code == "de"


def test_a_forgotten_space_and_a_small_letter_still_end_a_sentence() -> None:
    rules = load_rules("en")
    assert split_sentences("Very durable.It lasts for years. comes in red.", rules) == [
        "Very durable.",
        "It lasts for years.",
        "comes in red.",
    ]


def test_a_sentence_without_end_is_cut_and_nothing_is_lost() -> None:
    words = [f"word{number}" for number in range(400)]
    pieces = split_sentences(" ".join(words), load_rules("en"))
    assert max(map(len, pieces)) <= 800
    assert " ".join(pieces).split() == words


@pytest.mark.parametrize("text", ["Why?", "なぜですか？", "「なぜ？」", "لماذا؟", 'He asked "why?"'])
def test_questions_are_known_by_their_mark(text: str) -> None:
    assert is_question(text)
    assert not is_question(text.replace("?", ".").replace("？", "。").replace("؟", "."))
