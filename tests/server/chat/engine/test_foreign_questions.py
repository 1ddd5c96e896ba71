"""Questions in another language than the shop's are read through the words that its glossary knows."""

import pytest

from tests.server.chat.engine.answers import answer
from tests.server.chat.engine.shop import ShopTools, made_product, question

GRINDER = made_product(
    "GR",
    "Burr Hand Grinder",
    8900,
    "A grinder for coffee.",
    {"Burrs": "38 mm steel", "Settings": "36 clicks", "Max load": "30 g", "Thickness": "8 cm"},
)


@pytest.mark.parametrize(
    ("text", "locale", "value"),
    [
        ("Wie viele Mahlstufen hat der Burr Hand Grinder?", "de", "36 clicks"),
        ("Burr Hand Grinder kalınlığı ne kadar?", "tr", "8 cm"),
        ("Burr Hand Grinderの厚さは？", "ja", "8 cm"),
        ("ما سماكة Burr Hand Grinder؟", "ar", "8 cm"),
        ("jaka jest grubość Burr Hand Grinder?", "pl", "8 cm"),
    ],
)
async def test_an_attribute_is_named_in_another_language(text: str, locale: str, value: str) -> None:
    answered = await answer(question(text, locale=locale), ShopTools(catalog=(GRINDER,)))
    assert value in answered.text
    assert "38 mm" not in answered.text


@pytest.mark.parametrize(
    ("text", "locale"),
    [("Hangi sıcaklığa kadar Ember uyku tulumu?", "tr"), ("jaka temperatura śpiwora Ember?", "pl")],
)
async def test_a_name_and_the_kind_in_another_language_name_the_product(text: str, locale: str) -> None:
    bags = (
        made_product("SB-1", "Ember Down Sleeping Bag", 31900, "A bag of down.", {"Comfort temperature": "-2 C"}),
        made_product("SB-2", "Cinder Winter Sleeping Bag", 46900, "A bag for snow.", {"Comfort temperature": "-12 C"}),
    )
    answered = await answer(question(text, locale=locale), ShopTools(catalog=bags))
    assert answered.cards == ["SB-1"]
