"""What is not wanted is not shown: a product that has it never, one whose page says that it has not first."""

import pytest

from integrations.platform import Product
from tests.server.chat.engine.answers import answer
from tests.server.chat.engine.shop import ShopTools, made_product, question

SWEATERS = {
    "en": (
        ("Moor Sweater", "A warm sweater of cotton, wool-free and soft.", "cotton"),
        ("Fell Sweater", "A warm sweater of merino wool for the hills.", "merino wool"),
        ("Heath Sweater", "A warm sweater for cold days in the hills.", ""),
    ),
    "de": (
        (
            "Moor Pullover",
            "Ein warmer Pullover aus Baumwolle, weich und ohne Wolle gestrickt.",
            "Baumwolle",
        ),
        ("Fell Pullover", "Ein warmer Pullover aus Merinowolle für die Berge.", "Merinowolle"),
        ("Heide Pullover", "Ein warmer Pullover für kalte Tage in den Bergen.", ""),
    ),
    "fr": (
        ("Pull Lande", "Un pull chaud en coton, sans laine et doux.", "coton"),
        ("Pull Cime", "Un pull chaud en laine mérinos pour la montagne.", "laine mérinos"),
        ("Pull Bruyère", "Un pull chaud pour les jours froids en montagne.", ""),
    ),
    "es": (
        ("Jersey Páramo", "Un jersey cálido de algodón, sin lana y suave.", "algodón"),
        ("Jersey Cumbre", "Un jersey cálido de lana merina para la montaña.", "lana merina"),
        ("Jersey Brezo", "Un jersey cálido para los días fríos en la montaña.", ""),
    ),
    "it": (
        ("Maglione Brughiera", "Un maglione caldo di cotone, senza lana e morbido.", "cotone"),
        ("Maglione Cima", "Un maglione caldo di lana merino per la montagna.", "lana merino"),
        ("Maglione Erica", "Un maglione caldo per i giorni freddi in montagna.", ""),
    ),
    "nl": (
        ("Trui Veen", "Een warme trui van katoen, zonder wol en zacht.", "katoen"),
        ("Trui Top", "Een warme trui van merinowol voor de bergen.", "merinowol"),
        ("Trui Heide", "Een warme trui voor koude dagen in de bergen.", ""),
    ),
    "pl": (
        ("Sweter Wrzos", "Ciepły sweter z bawełny, bez wełny i miękki.", "bawełna"),
        ("Sweter Szczyt", "Ciepły sweter z wełny merynosów w góry.", "wełna merynosów"),
        ("Sweter Łąka", "Ciepły sweter na zimne dni w górach.", ""),
    ),
}
WITHOUT = {
    "en": ("I'm looking for a warm sweater without wool", "a wool-free sweater please", "a sweater, but no wool"),
    "de": ("Ich suche einen warmen Pullover ohne Wolle",),
    "fr": ("Je cherche un pull chaud sans laine",),
    "es": ("Busco un jersey cálido sin lana",),
    "it": ("Cerco un maglione caldo senza lana",),
    "nl": ("Ik zoek een warme trui zonder wol",),
}


def sweaters(language: str) -> tuple[Product, ...]:
    """One whose page says that it has no wool, one of wool, and one of which nothing is said."""
    return tuple(
        made_product(id, title, 8900, description, {"Material": material} if material else {}, brand=None)
        for id, (title, description, material) in zip(("FREE", "WOOL", "SILENT"), SWEATERS[language], strict=True)
    )


@pytest.mark.parametrize(
    ("language", "text"),
    [
        *((code, text) for code, texts in WITHOUT.items() for text in texts),
        ("pl", "Szukam ciepłego swetra bez wełny"),
    ],
)
async def test_what_has_what_is_not_wanted_is_not_shown(language: str, text: str) -> None:
    tools = ShopTools(catalog=sweaters(language), language=language)
    answered = await answer(question(text, locale=language, shop_locale=language), tools)
    assert answered.cards[0] == "FREE"
    assert "WOOL" not in answered.cards
    assert SWEATERS[language][1][0] not in answered.text


@pytest.mark.parametrize("language", [code for code in WITHOUT if code != "en"])
async def test_what_is_not_wanted_is_kept_away_in_another_language_than_the_shops(language: str) -> None:
    tools = ShopTools(catalog=sweaters("en"))
    answered = await answer(question(WITHOUT[language][0], locale=language), tools)
    assert "WOOL" not in answered.cards
    assert "Fell Sweater" not in answered.text


async def test_where_only_the_unfit_is_found_nothing_is_recommended() -> None:
    wool = sweaters("en")[1:2]
    answered = await answer(question("a warm sweater without wool"), ShopTools(catalog=wool))
    assert answered.cards == []
    assert answered.kind == "product_none"


async def test_what_the_page_does_not_confirm_is_said_to_be_unconfirmed() -> None:
    silent = sweaters("en")[1:]
    answered = await answer(question("a warm sweater without wool"), ShopTools(catalog=silent))
    assert "WOOL" not in answered.cards
    assert answered.cards in ([], ["SILENT"])
    if answered.cards:
        assert "doesn't confirm" in answered.text
        assert "wool" in answered.text


BARS = (
    made_product("B-NUT", "Ridge Bar", 350, "An energy bar with hazelnuts and honey.", {"Contains": "hazelnuts"}),
    made_product("B-OAT", "Oat Bar", 350, "An energy bar of oats and dates. Free from nuts.", {}),
    made_product("B-MIX", "Trail Mix Bar", 350, "An energy bar of oats. May contain traces of nuts.", {}),
)


@pytest.mark.parametrize(
    "text",
    ["an energy bar without nuts", "I'm allergic to nuts, which energy bar can I eat?", "do you have a nut-free bar?"],
)
async def test_an_allergy_is_no_reason_to_be_shown_the_allergen(text: str) -> None:
    answered = await answer(question(text), ShopTools(catalog=BARS))
    assert "B-NUT" not in answered.cards
    assert "B-MIX" not in answered.cards
