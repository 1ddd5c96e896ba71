"""Questions about the catalog as a whole, and messages that ask several things."""

import pytest

from integrations.platform import Product
from server.chat.languages import phrases_for
from server.languages import LANGUAGES
from tests.server.chat.engine.answers import Answer, answer
from tests.server.chat.engine.shop import CATALOG, ShopTools, made_product, question

SAY = phrases_for("en")
CHEAPEST = {
    "en": "what is the cheapest thing you have?", "de": "Was ist das Günstigste, das Sie haben?",
    "fr": "Quel est votre article le moins cher ?", "es": "¿Cuál es el producto más barato?",
    "it": "Qual è il prodotto più economico?", "pt": "Qual é o produto mais barato?",
    "nl": "Wat is jullie goedkoopste product?", "pl": "Jaki jest najtańszy produkt?",
    "sv": "Vilken är er billigaste produkt?", "tr": "En ucuz ürün hangisi?", "ar": "ما هو أرخص منتج لديكم؟",
    "ja": "一番安い商品は何ですか？",
}  # fmt: skip
DEAREST = {
    "en": "what is your most expensive product?", "de": "Was ist Ihr teuerstes Produkt?",
    "fr": "Quel est votre article le plus cher ?", "es": "¿Cuál es el producto más caro?",
    "it": "Qual è il prodotto più costoso?", "pt": "Qual é o produto mais caro?",
    "nl": "Wat is jullie duurste product?", "pl": "Jaki jest najdroższy produkt?",
    "sv": "Vilken är er dyraste produkt?", "tr": "En pahalı ürün hangisi?", "ar": "ما هو أغلى منتج لديكم؟",
    "ja": "一番高い商品は何ですか？",
}  # fmt: skip
KINDS = {
    "en": "what do you sell?", "de": "Was verkaufen Sie?", "fr": "Que vendez-vous ?", "es": "¿Qué venden?",
    "it": "Che cosa vendete?", "pt": "O que vocês vendem?", "nl": "Wat verkopen jullie?", "pl": "Co sprzedajecie?",
    "sv": "Vad säljer ni?", "tr": "Neler satıyorsunuz?", "ar": "ماذا تبيعون؟", "ja": "何を売っていますか？",
}  # fmt: skip
ON_SALE = {
    "en": "what is on sale?", "de": "Was ist im Angebot?", "fr": "Qu'est-ce qui est en promotion ?",
    "es": "¿Qué hay en oferta?", "it": "Cosa c'è in offerta?", "pt": "O que está em promoção?",
    "nl": "Wat is er in de aanbieding?", "pl": "Co jest w promocji?", "sv": "Vad är på rea?",
    "tr": "İndirimde neler var?", "ar": "ما المنتجات المخفضة؟", "ja": "セール中の商品はありますか？",
}  # fmt: skip
STOVES = tuple(
    made_product(id, title, price, "A gas stove.", {"Weight": weight, "Power": power}, category=("Stoves",))
    for id, title, price, weight, power in (
        ("ST-1", "Ember Stove", 6900, "95 g", "2,800 W"),
        ("ST-2", "Forge Stove", 9900, "340 g", "3,500 W"),
        ("ST-3", "Spark Stove", 4900, "0.12 kg", "2,200 W"),
    )
)


async def ask(text: str, catalog: tuple[Product, ...] = CATALOG, locale: str = "en", **around: object) -> Answer:
    return await answer(question(text, locale=locale, **around), ShopTools(catalog=catalog))  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_cheapest_of_all_that_can_be_had(language: str) -> None:
    answered = await ask(CHEAPEST[language], locale=language)
    assert answered.cards[0] == "BT-1"
    assert "BT-2" not in answered.cards, "sold out"
    assert answered.text.startswith(phrases_for(language).found_cheapest.partition("{")[0].strip("*").strip())


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_dearest_of_all(language: str) -> None:
    answered = await ask(DEAREST[language], locale=language)
    assert answered.cards[0] == "TN-4"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("what is the cheapest tent?", "TN-2"),
        ("your most expensive tent", "TN-4"),
        ("Was ist das günstigste Zelt?", "TN-2"),
        ("Quelle est la tente la moins chère ?", "TN-2"),
        ("¿Cuál es la tienda de campaña más barata?", "TN-2"),
    ],
)
async def test_the_cheapest_of_a_kind(text: str, first: str) -> None:
    answered = await ask(text)
    assert answered.cards[0] == first
    assert not set(answered.cards) - {"TN-2", "TN-4"}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_kinds_of_products_are_named(language: str) -> None:
    answered = await ask(KINDS[language], locale=language)
    for kind in ("Tents", "Jackets", "Bottles", "Lamps"):
        assert kind in answered.text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_is_reduced_is_shown_with_both_prices(language: str) -> None:
    answered = await ask(ON_SALE[language], locale=language)
    assert answered.cards == ["JK-7"]
    assert phrases_for(language).on_sale in answered.text
    assert "Drizzle Rain Jacket" in answered.text


async def test_both_prices_are_said() -> None:
    answered = await ask(ON_SALE["en"])
    assert "$129.00" in answered.text
    assert "$159.00" in answered.text


async def test_where_nothing_is_reduced_that_is_said() -> None:
    answered = await ask("any sales on?", (CATALOG[0], CATALOG[1]))
    assert answered.text.startswith(SAY.nothing_on_sale)
    assert answered.cards == []


@pytest.mark.parametrize(
    ("text", "first", "said"),
    [
        ("which stove is the lightest?", "ST-1", "95 g"),
        ("what is the heaviest stove?", "ST-2", "340 g"),
        ("your most powerful stove?", "ST-2", "3,500 W"),
        ("Welcher Kocher ist der leichteste?", "ST-1", "95 g"),
        ("Quel est le réchaud le plus léger ?", "ST-1", "95 g"),
        ("¿Cuál es el hornillo más ligero?", "ST-1", "95 g"),
    ],
)
async def test_the_most_of_a_kind_is_by_the_figures_of_the_pages(text: str, first: str, said: str) -> None:
    answered = await ask(text, (*STOVES, *CATALOG))
    assert answered.cards[0] == first
    assert said in answered.text
    assert all(card.startswith("ST") for card in answered.cards)


@pytest.mark.parametrize(
    ("text", "locale", "cards"),
    [
        ("tents under $300", "en", {"TN-2"}),
        ("a tent for less than 300 dollars", "en", {"TN-2"}),
        ("tents over $300", "en", {"TN-4"}),
        ("a tent between 200 and 300 dollars", "en", {"TN-2"}),
        ("Zelte unter 300 Dollar", "de", {"TN-2"}),
        ("une tente à moins de 300 dollars", "fr", {"TN-2"}),
        ("una tienda de campaña por menos de 300 dólares", "es", {"TN-2"}),
        ("una tenda sotto i 300 dollari", "it", {"TN-2"}),
        ("een tent onder de 300 dollar", "nl", {"TN-2"}),
        ("uma barraca por menos de 300 dólares", "pt", {"TN-2"}),
        ("namiot do 300 dolarów", "pl", {"TN-2"}),
    ],
)
async def test_a_price_limit_is_kept(text: str, locale: str, cards: set[str]) -> None:
    answered = await ask(text, locale=locale)
    assert set(answered.cards) & {"TN-2", "TN-4"} == cards
    by_id = {each.external_id: each for each in CATALOG}
    limits = (0, 30_000) if cards == {"TN-2"} else (30_000, 10**9)
    for card in answered.cards:
        price = by_id[card].price
        assert price is not None
        assert limits[0] <= price.amount <= limits[1]


@pytest.mark.parametrize(
    ("text", "locale", "said"),
    [
        ("How long is shipping and what does the warranty cover?", "en", ("3-5 business days", "warranty of 3 years")),
        ("What payment methods do you take? And how long do refunds take?", "en", ("PayPal", "5 business days")),
        ("Do you ship to Canada? How can I pay? What about the warranty?", "en", ("Canada", "PayPal", "3 years")),
        ("How much is the Glacier Flask and is it dishwasher safe?", "en", ("$29.50", "Dishwasher safe: no")),
        ("Is the Glacier Flask in stock, and how long does shipping take?", "en", ("40 left", "3-5 business days")),
        ("Wie lange dauert der Versand und wie kann ich bezahlen?", "de", ("3-5 business days", "PayPal")),
        ("Livrez-vous au Canada et comment puis-je payer ?", "fr", ("Canada", "PayPal")),
        ("¿Envían a Canadá y cómo puedo pagar?", "es", ("Canada", "PayPal")),
        ("Spedite in Canada? E come posso pagare?", "it", ("Canada", "PayPal")),
    ],
)
async def test_each_question_of_a_message_is_answered(text: str, locale: str, said: tuple[str, ...]) -> None:
    answered = await ask(text, locale=locale)
    for each in said:
        assert each in answered.text


async def test_an_order_and_a_question_are_both_answered() -> None:
    answered = await ask("Where is order 1001, mara@post.example? And what is your return policy?")
    assert answered.orders
    assert "return" in answered.text
    assert "returns" in answered.documents


@pytest.mark.parametrize(
    ("text", "locale"),
    [("in red?", "en"), ("and in red?", "en"), ("in Rot?", "de"), ("en rouge ?", "fr"), ("¿en rojo?", "es")],
)
async def test_a_colour_asks_for_the_product_that_was_spoken_of(text: str, locale: str) -> None:
    answered = await ask(text, locale=locale, shown=("JK-7",))
    assert answered.cards == ["JK-7"]
    assert "Red / M" in answered.text


@pytest.mark.parametrize(
    ("text", "locale"),
    [("in M?", "en"), ("and in medium?", "en"), ("in Größe M?", "de"), ("en taille M ?", "fr"), ("¿en talla M?", "es")],
)
async def test_a_size_asks_for_the_product_that_was_spoken_of(text: str, locale: str) -> None:
    answered = await ask(text, locale=locale, shown=("JK-7",))
    assert answered.cards == ["JK-7"]
    assert "Red / M" in answered.text


async def test_of_several_that_were_shown_those_in_the_colour_are_named() -> None:
    answered = await ask(
        "in green?", shown=("TN-2", "TN-4"), history=(("shopper", "show me tents"), ("assistant", "…"))
    )
    assert answered.cards[0] == "TN-2"
    assert "Green" in answered.text or "green" in answered.text
    assert "**Cumulus Tent 4P** in Green is in stock" not in answered.text


async def test_a_kind_in_a_colour_is_a_search_for_the_kind() -> None:
    answered = await ask("do you have a red jacket?")
    assert answered.cards[0] == "JK-7"


async def test_what_is_asked_for_in_stock_is_in_stock() -> None:
    answered = await ask("which bottles do you have in stock?")
    assert "BT-2" not in answered.cards
    assert answered.cards[0] == "BT-1"
