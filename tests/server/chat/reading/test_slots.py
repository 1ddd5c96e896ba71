"""What a message states: exclusions, sizes, colours, positions, numbers, proofs and codes."""

import pytest

from server.chat.answering.reading.degrees import find_price_wish, find_superlative
from server.chat.answering.reading.exclusions import read_excluded
from server.chat.answering.reading.sizes import read_sizes
from server.languages.words import language
from tests.server.chat.reading.questions import read


@pytest.mark.parametrize(
    ("code", "text", "excluded"),
    [
        ("en", "a sweater without wool", ("wool",)),
        ("en", "sugar-free chocolate", ("sugar",)),
        ("en", "gluten free bread", ("gluten",)),
        ("en", "do you offer free shipping", ()),
        ("en", "is there free delivery", ()),
        ("en", "no more than 50 euro", ()),
        ("en", "not too expensive", ()),
        (
            "en",
            "a jacket without wool or down",
            (
                "wool",
                "down",
            ),
        ),
        ("en", "decaf coffee", ("caffeine",)),
        ("de", "ein Pulli ohne Wolle", ("wolle",)),
        ("de", "zuckerfreie Schokolade", ("zucker",)),
        ("de", "versandkostenfrei?", ()),
        ("de", "kostenlose Lieferung", ()),
        ("de", "entkoffeinierter Kaffee", ("koffein",)),
        ("de", "kein Leder bitte", ("leder",)),
        ("fr", "un pull sans laine", ("laine",)),
        ("fr", "sans huile de palme", ("huile palme",)),
        ("fr", "pas d'alcool", ("alcool",)),
        ("es", "chocolate sin azúcar", ("azucar",)),
        ("es", "sin aceite de palma", ("aceite palma",)),
        ("it", "senza glutine", ("glutine",)),
        ("pt", "sem lactose", ("lactose",)),
        ("nl", "suikervrije chocola", ("suiker",)),
        ("nl", "zonder wol", ("wol",)),
        ("pl", "chleb bezglutenowy", ("gluten",)),
        ("pl", "bez wełny", ("welny",)),
        ("pl", "bezprzewodowe słuchawki", ()),
        ("pl", "bezpłatna dostawa", ()),
        ("sv", "glutenfritt bröd", ("gluten",)),
        ("sv", "utan ull", ("ull",)),
        ("sv", "laktosfri mjölk", ("laktos",)),
        ("tr", "şekersiz çikolata", ("seker",)),
        ("tr", "ücretsiz kargo", ()),
        ("tr", "yün içermeyen kazak", ("yun",)),
        ("tr", "siz kimsiniz", ()),
        ("tr", "laktozsuz süt", ("laktoz",)),
        ("ar", "شوكولاتة بدون سكر", ("سكر",)),
        ("ar", "خالي من الجلوتين", ("الجلوتين",)),
        ("ja", "砂糖なしのチョコ", ("砂糖",)),
        ("ja", "ウールではないセーター", ("ウール",)),
        ("ja", "無香料のシャンプー", ("香料",)),
        ("ja", "グルテンフリーのパン", ("グルテン",)),
        ("ja", "乳製品を含まないもの", ("乳製品",)),
    ],
)
def test_what_is_not_wanted(code: str, text: str, excluded: tuple[str, ...]) -> None:
    words = language(code)
    assert read_excluded(words.normalise(text), words) == excluded


@pytest.mark.parametrize(
    ("code", "text", "superlative"),
    [
        ("en", "the lightest tent", "weight_min"),
        ("en", "longest battery life", "duration_max"),
        ("de", "das leichteste Zelt", "weight_min"),
        ("fr", "la tente la plus légère", "weight_min"),
        ("fr", "une tente plus légère", None),
        ("es", "la tienda más ligera", "weight_min"),
        ("es", "una tienda más ligera", None),
        ("es", "¿cuál es más ligero?", "weight_min"),
        ("es", "es más ligera que la otra", None),
        ("it", "il sacco più caldo", "temperature_min"),
        ("it", "qualcosa di più caldo", None),
        ("pt", "o mais leve", "weight_min"),
        ("pt", "uma mochila mais leve", None),
        ("pt", "qual é mais leve?", "weight_min"),
        ("nl", "de lichtste tent", "weight_min"),
        ("pl", "najlżejszy namiot", "weight_min"),
        ("sv", "vilket tält är lättast", "weight_min"),
        ("tr", "en hafif çadır", "weight_min"),
        ("ar", "اخف خيمة", "weight_min"),
        ("ja", "一番軽いテント", "weight_min"),
    ],
)
def test_superlatives_are_no_comparatives(code: str, text: str, superlative: str | None) -> None:
    words = language(code)
    assert find_superlative(words.normalise(text), words) == superlative


@pytest.mark.parametrize(
    ("code", "text", "wish"),
    [
        ("en", "the cheapest one", "cheapest"),
        ("en", "anything cheaper", "cheaper"),
        ("de", "das günstigste", "cheapest"),
        ("de", "gibt es was günstigeres", "cheaper"),
        ("de", "guenstigeres", "cheaper"),
        ("fr", "le moins cher", "cheapest"),
        ("fr", "quelque chose de moins cher", "cheaper"),
        ("es", "el más barato", "cheapest"),
        ("es", "algo más barato", "cheaper"),
        ("it", "il più economico", "cheapest"),
        ("it", "qualcosa di più economico", "cheaper"),
        ("pt", "o mais barato", "cheapest"),
        ("pt", "tem mais barato?", "cheaper"),
        ("nl", "de goedkoopste", "cheapest"),
        ("nl", "iets goedkopers", "cheaper"),
        ("pl", "najtańszy", "cheapest"),
        ("pl", "coś tańszego", "cheaper"),
        ("sv", "den billigaste", "cheapest"),
        ("sv", "något billigare", "cheaper"),
        ("tr", "en ucuz", "cheapest"),
        ("tr", "daha ucuzu", "cheaper"),
        ("ar", "ارخص شي عندكم", "cheapest"),
        ("ar", "في شي ارخص من هذا", "cheaper"),
        ("ja", "一番安いの", "cheapest"),
        ("ja", "もっと安いのはありますか", "cheaper"),
        ("en", "most expensive", "dearest"),
    ],
)
def test_cheapest_and_cheaper(code: str, text: str, wish: str) -> None:
    words = language(code)
    assert find_price_wish(words.normalise(text), words) == wish


@pytest.mark.parametrize(
    ("code", "text", "sizes"),
    [
        ("en", "do you have it in XL", ("XL",)),
        ("en", "size 42", ("42",)),
        ("en", "a small tent", ()),
        ("en", "and in large?", ("L",)),
        ("en", "I'm looking for it in M", ("M",)),
        ("en", "a 2 L bottle", ()),
        ("en", "it is 5 m long", ()),
        ("en", "kid's jacket", ()),
        ("en", "size m please", ("M",)),
        ("de", "Größe 38", ("38",)),
        ("de", "gibt es das in Größe M", ("M",)),
        ("de", "groesse 42", ("42",)),
        ("fr", "l'eau de la mer", ()),
        ("fr", "en taille M ?", ("M",)),
        ("fr", "taille 40", ("40",)),
        ("es", "talla L", ("L",)),
        ("es", "talla 38", ("38",)),
        ("it", "taglia 44", ("44",)),
        ("it", "l'ordine", ()),
        ("it", "taglia grande", ("L",)),
        ("pt", "tamanho M", ("M",)),
        ("nl", "maat 41", ("41",)),
        ("pl", "rozmiar 39", ("39",)),
        ("pl", "w rozmiarze L", ("L",)),
        ("sv", "storlek 40", ("40",)),
        ("tr", "42 numara", ("42",)),
        ("tr", "M beden var mı", ("M",)),
        ("ar", "مقاس 42", ("42",)),
        ("ar", "مقاس L", ("L",)),
        ("ja", "Mサイズはありますか", ("M",)),
    ],
)
def test_sizes(code: str, text: str, sizes: tuple[str, ...]) -> None:
    words = language(code)
    assert read_sizes(text, words.normalise(text), words) == sizes


@pytest.mark.parametrize(
    ("locale", "text", "colour"),
    [
        ("en", "do you have it in navy", "blue"),
        ("de", "gibt es das in Schwarz", "black"),
        ("fr", "vous l'avez en rouge ?", "red"),
        ("es", "lo tienen en verde", "green"),
        ("it", "c'è in grigio?", "grey"),
        ("pt", "tem em amarelo", "yellow"),
        ("nl", "heb je hem in het wit", "white"),
        ("pl", "czy jest w kolorze czerwonym", "red"),
        ("sv", "finns den i blått", "blue"),
        ("tr", "mavisi var mı", "blue"),
        ("ar", "هل يوجد باللون الأسود", "black"),
        ("ja", "黒はありますか", "black"),
    ],
)
async def test_colours(locale: str, text: str, colour: str) -> None:
    assert (await read(text, locale)).slots.colours == (colour,)


@pytest.mark.parametrize(
    ("locale", "text", "positions"),
    [
        ("en", "how heavy is the second one?", (2,)),
        ("en", "compare the first and the second", (1, 2)),
        ("de", "wie schwer ist das zweite", (2,)),
        ("fr", "le deuxième est disponible ?", (2,)),
        ("es", "cuánto pesa el segundo", (2,)),
        ("it", "quanto pesa il secondo", (2,)),
        ("pt", "quanto pesa o segundo", (2,)),
        ("nl", "hoe zwaar is de tweede", (2,)),
        ("pl", "ile waży drugi", (2,)),
        ("sv", "hur tung är den andra", (2,)),
        ("tr", "ikincisi ne kadar ağır", (2,)),
        ("ar", "كم وزن الثاني", (2,)),
        ("ja", "2番目の重さは", (2,)),
        ("en", "and the last one?", (-1,)),
    ],
)
async def test_positions(locale: str, text: str, positions: tuple[int, ...]) -> None:
    reading = await read(text, locale)
    assert reading.slots.positions == positions
    assert reading.refers_back


@pytest.mark.parametrize(
    ("locale", "text", "number"),
    [
        ("en", "where is order #1001?", "1001"),
        ("en", "order 1001", "1001"),
        ("en", "my order number is 1001", "1001"),
        ("en", "# W3754544 status", "W3754544"),
        ("en", "Where's w9222585? email a.b@c.example", "W9222585"),
        ("en", "order no. W6310710", "W6310710"),
        ("en", "order EU-20417", "EU-20417"),
        ("de", "Bestellnummer: 20417", "20417"),
        ("de", "wo bleibt meine Bestellung 20417", "20417"),
        ("fr", "numéro de commande 20417", "20417"),
        ("es", "mi pedido 20417", "20417"),
        ("it", "dov'è l'ordine 20417", "20417"),
        ("pt", "o meu pedido nº 20417", "20417"),
        ("nl", "waar blijft bestelling 20417", "20417"),
        ("pl", "zamówienie nr 20417", "20417"),
        ("sv", "var är order 20417", "20417"),
        ("tr", "20417 numaralı siparişim nerede", "20417"),
        ("ar", "أين طلبي رقم 20417", "20417"),
        ("ja", "注文番号は20417です", "20417"),
        ("en", "do you have 40 liter packs", None),
        ("en", "I want to order 12 bottles", None),
        ("en", "600041 is my postcode, is delivery available", None),
        ("en", "is the #1 tent good?", None),
        ("en", "iPhone 15 under $900", None),
        ("en", "it took 30 days to arrive, where is my parcel", None),
    ],
)
async def test_order_numbers(locale: str, text: str, number: str | None) -> None:
    assert (await read(text, locale)).slots.order_number == number


@pytest.mark.parametrize(
    ("locale", "text", "numbers"),
    [
        ("en", "where are orders 1001 and 1002? a@b.example", ("1001", "1002")),
        ("en", "orders #1001, #1002 and #1003, a@b.example", ("1001", "1002", "1003")),
        ("en", "order 1001/1002 a@b.example", ("1001", "1002")),
        ("de", "Wo sind die Bestellungen 1001 und 1002? a@b.example", ("1001", "1002")),
        ("fr", "mes commandes 1001 et 1002, a@b.example", ("1001", "1002")),
        ("es", "los pedidos 1001 y 1002, a@b.example", ("1001", "1002")),
        ("en", "order 1001 from 2026, a@b.example", ("1001",)),
        ("en", "order 1001, zip 97205", ("1001",)),
        ("en", "order 1001 and 2 bottles, a@b.example", ("1001",)),
        ("en", "orders 1001 and 1001, a@b.example", ("1001",)),
    ],
)
async def test_several_order_numbers(locale: str, text: str, numbers: tuple[str, ...]) -> None:
    slots = (await read(text, locale)).slots
    assert (slots.order_number, *slots.further_orders) == numbers


@pytest.mark.parametrize(
    ("text", "number", "email"),
    [
        ("order ١٠٠١ a@b.example", "1001", "a@b.example"),
        ("order １００１, a＠b.example", "1001", "a@b.example"),
        ("order №1001 <a@b.example>.", "1001", "a@b.example"),
        ("order \u200f#1001\u200e a@\u200bb.example", "1001", "a@b.example"),
        ("order 1001, mailto:a@bücher.example", "1001", "a@bücher.example"),
    ],
)
async def test_numbers_and_addresses_as_they_are_pasted(text: str, number: str, email: str) -> None:
    slots = (await read(text)).slots
    assert (slots.order_number, slots.email) == (number, email)


async def test_proofs_stand_beside_the_number() -> None:
    slots = (await read("Where is my order #1001? I'm Chen Silva, zip 46281.")).slots
    assert (slots.order_number, slots.postcode, slots.name) == ("1001", "46281", "Chen Silva")
    assert (await read("order 1001, CHEN.A@POST.EXAMPLE")).slots.email == "chen.a@post.example"
    assert (await read("Benim adım Ayşe Yılmaz, sipariş 1001", "tr")).slots.name == "Ayşe Yılmaz"


@pytest.mark.parametrize(
    ("locale", "text", "postcode"),
    [
        ("en", "order 1001 postcode SW1A 1AA", "SW1A 1AA"),
        ("de", "Bestellung 1001 PLZ 10115", "10115"),
        ("fr", "commande 1001, code postal 75001", "75001"),
        ("es", "pedido 1001, código postal 28001", "28001"),
        ("it", "ordine 1001, CAP 20121", "20121"),
        ("pt", "pedido 1001, CEP 01310-100", "01310-100"),
        ("nl", "bestelling 1001, postcode 1012 AB", "1012 AB"),
        ("pl", "zamówienie 1001, kod pocztowy 00-950", "00-950"),
        ("sv", "beställning 1001, postnummer 111 22", "111 22"),
        ("tr", "sipariş 1001, posta kodu 34000", "34000"),
        ("ar", "طلب رقم 1001 الرمز البريدي 11564", "11564"),
        ("ja", "注文番号1001、郵便番号は100-0001です", "100-0001"),
    ],
)
async def test_postcodes(locale: str, text: str, postcode: str) -> None:
    slots = (await read(text, locale)).slots
    assert (slots.order_number, slots.postcode) == ("1001", postcode)
