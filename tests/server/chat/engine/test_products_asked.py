"""Products as shoppers ask for them: short names, part numbers, sizes, degrees, a budget nothing of the kind meets."""

import pytest
from msgspec import structs

from integrations.platform import Product
from server.chat.languages import phrases_for
from tests.server.chat.engine.answers import Answer, answer
from tests.server.chat.engine.memory import Document
from tests.server.chat.engine.shop import CATALOG, POLICIES, ShopTools, made_product, question
from tests.server.chat.engine.test_everyday import BAGS

SAY = phrases_for("en")
JACKET, FLASK = CATALOG[2], CATALOG[3]
BOTTLE = made_product(
    "RB",
    "Reed Bottle",
    3000,
    "A steel bottle that keeps drinks cold.",
    {"Weight": "380 g"},
    (("20 oz / Moss", 4, 3000), ("32 oz / Moss", 7, 3900), ("32 oz / Ash", 2, 4100)),
    category=("Bottles",),
)
BOOTS = (
    made_product(
        "BW",
        "Heather Hiking Boot, Women's",
        18000,
        "A boot for the hills.",
        variants=(("38", 3), ("39", 1)),
        category=("Boots",),
    ),
    made_product(
        "BM",
        "Heather Hiking Boot, Men's",
        18000,
        "A boot for the hills.",
        variants=(("42", 2), ("43", 8), ("44", 0)),
        category=("Boots",),
    ),
)


async def over(text: str, *catalog: Product) -> Answer:
    return await answer(question(text), ShopTools(catalog=catalog))


@pytest.mark.parametrize("text", ["Which is warmer, Brook or Tarn?", "which one is warmer: tarn or brook?"])
async def test_the_first_words_of_titles_are_names_enough_to_compare(text: str) -> None:
    answered = await over(text, *BAGS, CATALOG[2])
    assert set(answered.cards) == {"SB-1", "SB-2"}
    assert "-12 °C" in answered.text
    assert "7 °C" in answered.text


async def test_the_one_or_the_other_is_a_comparison() -> None:
    answered = await answer(question("the Drizzle jacket or the flask"))
    assert set(answered.cards) == {"JK-7", "BT-1"}


@pytest.mark.parametrize("text", ["NIMBUS TENT WEIGHT???", "nimbus tent weight", "nimbus tent price"])
async def test_a_name_and_what_its_page_tells(text: str) -> None:
    answered = await answer(question(text))
    assert answered.cards == ["TN-2"]
    assert ("$249.00" if "price" in text else "1.9 kg") in answered.text


@pytest.mark.parametrize(
    "text", ["What about the Reed Bottle?", "how about the reed bottle", "Is the Reed Bottle good?", "Reed Bottle"]
)
async def test_a_name_and_nothing_asked_of_it_gets_the_product_in_short(text: str) -> None:
    answered = await over(text, BOTTLE, *CATALOG)
    assert answered.cards[0] == "RB"
    assert "$30.00" in answered.text


async def test_a_part_number_is_about_one_form() -> None:
    answered = await over("Is SKU-RB-2 in stock?", BOTTLE, *CATALOG)
    assert "32 oz / Moss is in stock" in answered.text
    assert "7 left" in answered.text
    assert "$39.00" in answered.text
    assert "Ash" not in answered.text


async def test_a_part_number_has_its_own_price() -> None:
    assert "$41.00" in (await over("how much is SKU-RB-3", BOTTLE, *CATALOG)).text


@pytest.mark.parametrize("text", ["hiking boots size 43", "do you have hiking boots in size 43?"])
async def test_what_is_made_in_the_size_comes_first(text: str) -> None:
    answered = await over(text, *BOOTS)
    assert answered.cards[0] == "BM"
    assert SAY.not_exactly not in answered.text


async def test_a_size_that_is_sold_out_is_said_so() -> None:
    answered = await over("do you have the men's hiking boot in size 44?", *BOOTS)
    assert "sold out" in answered.text
    assert "Yes" not in answered.text


async def test_what_is_for_others_stands_behind() -> None:
    coats = [
        made_product("CM", "Heather Rain Coat, Men's", 9900, "A coat for rain."),
        made_product("CW", "Heather Rain Coat, Women's", 9900, "A coat for rain."),
    ]
    assert (await over("rain coats for women", *coats)).cards[0] == "CW"
    assert (await over("rain coats for men", *coats)).cards[0] == "CM"


async def test_a_size_that_is_not_made_is_said_so() -> None:
    lacking = await answer(question("do you have it in size 47?", shown=("BM",)), ShopTools(catalog=BOOTS))
    assert "doesn't come in 47" in lacking.text
    searched = await over("hiking boots size 50", *BOOTS)
    assert "right for you" not in searched.text
    assert "I'd start with" not in searched.text


@pytest.mark.parametrize("text", ["tent under $100", "tents below $20"])
async def test_another_kind_within_the_limit_is_not_offered_for_the_kind(text: str) -> None:
    pegs = made_product("PG", "Tent Pegs, Set of 6", 1900, "Pegs for any tent.", category=("Tent accessories",))
    answered = await over(text, pegs, *CATALOG)
    assert "Tent Pegs** at $19.00 looks right" not in answered.text
    assert "within" in answered.text or "couldn't find" in answered.text


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sleeping bag for -10 °C", "SB-2"),
        ("sleeping bag down to -5 degrees", "SB-2"),
        ("a sleeping bag for minus 10", "SB-2"),
    ],
)
async def test_the_night_decides_which_bag(text: str, first: str) -> None:
    answered = await over(text, *BAGS, *CATALOG)
    assert answered.cards[0] == first


async def test_used_things_get_the_rule_on_condition() -> None:
    rules = (
        Document("returns", "Returns", "You may return anything unused within 30 days. Nothing needs a reason."),
        Document("trying", "Trying on", "Pitch the tent once in the garden."),
        Document(
            "refunds",
            "Refunds",
            "Only what comes back is refunded. If an item comes back used, we refund a part.",
        ),
    )
    answered = await answer(question("can I return a used tent?"), ShopTools(policies=rules))
    assert "unused within 30 days" in answered.text or "comes back used" in answered.text
    assert "garden" not in answered.text


@pytest.mark.parametrize("text", ["can you repair my mug", "is the clay mug repaired if it gets chipped?"])
async def test_policies_are_read_before_a_page_is_called_silent(text: str) -> None:
    mug = made_product("MG", "Clay Mug", 2900, "A mug of clay. Holds a pint.")
    repairs = Document("repairs", "Repairs", "We repair chipped mugs for $9.00. It takes a week.")
    answered = await answer(question(text), ShopTools(catalog=(mug,), policies=(*POLICIES, repairs)))
    assert "$9.00" in answered.text or "repairs" in answered.documents
    assert SAY.does_not_say.format(title="Clay Mug") not in answered.text


async def test_a_page_that_is_silent_is_called_so() -> None:
    mug = made_product("MG", "Clay Mug", 2900, "A mug of clay. Holds a pint.")
    silent = await answer(question("is the clay mug magnetic?"), ShopTools(catalog=(mug,)))
    assert silent.kind in ("product_silent", "product_unsure")


@pytest.mark.parametrize("text", ["what's in it?", "what does it come with", "what is in the nest set?"])
async def test_what_is_in_the_box_is_what_the_page_calls_contents(text: str) -> None:
    pots = made_product(
        "PO",
        "Nest Set",
        8900,
        "Pots for two. The lid is a pan.",
        {"Weight": "690 g", "Contents": "a pot, a bowl"},
    )
    answered = await answer(question(text, shown=("PO",)), ShopTools(catalog=(pots,)))
    assert "a pot, a bowl" in answered.text


async def test_advice_is_no_list_of_products() -> None:
    answered = await answer(question("how do I wash wool?"))
    assert answered.cards == []


def on_backorder(product: Product) -> Product:
    """The product with nothing in stock, and all its variants to be ordered."""
    variants = tuple(structs.replace(each, on_backorder=True, stock=None, available=True) for each in product.variants)
    return structs.replace(product, variants=variants)


@pytest.mark.parametrize("text", ["Do you have the Reed Bottle?", "Is the Reed Bottle in stock?"])
async def test_what_is_on_backorder_is_not_told_as_in_stock(text: str) -> None:
    told = await over(text, on_backorder(BOTTLE))
    assert "on backorder" in told.text
    assert "in stock" not in told.text


async def test_one_form_in_stock_is_enough_to_have_the_product() -> None:
    mixed = structs.replace(BOTTLE, variants=(*on_backorder(BOTTLE).variants[:1], *BOTTLE.variants[1:]))
    assert "in stock" in (await over("Is the Reed Bottle in stock?", mixed)).text
