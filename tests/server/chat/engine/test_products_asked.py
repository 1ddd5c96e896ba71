"""Products as shoppers ask for them: short names, part numbers, sizes, degrees, a budget nothing of the kind meets."""

import msgspec
import pytest

from integrations.platform import Money
from server.chat.answering.engine.temperatures import degrees_asked
from server.chat.answering.intents import IntentKind, Topic
from server.chat.languages import phrases_for
from server.chat.models import ProductDetail, VariantCard
from tests.server.chat.engine.shop import CATALOG, POLICIES, ShopTools, question
from tests.server.chat.engine.test_destinations import policies
from tests.server.chat.engine.test_engine import Answer, answer
from tests.server.chat.engine.test_everyday import BAGS, product
from tests.server.chat.test_intents import route

SAY = phrases_for("en")
JACKET, FLASK = CATALOG[2], CATALOG[3]


def made_in(like: ProductDetail, id: str, title: str, *forms: tuple[str, int, int]) -> ProductDetail:
    """A product in these forms: title, price and stock."""
    variants = tuple(
        VariantCard(
            id=f"{id}-{place}", title=name, sku=f"SKU-{id}-{place}", price=Money(price, "USD"), available=stock > 0
        )
        for place, (name, price, stock) in enumerate(forms)
    )
    made = product(like, id, title)
    card = msgspec.structs.replace(made.card, variants=variants, price=variants[0].price)
    return msgspec.structs.replace(made, card=card, stock={name: stock for name, _, stock in forms})


BOTTLE = made_in(
    FLASK, "RB", "Reed Bottle", ("20 oz / Moss", 3000, 4), ("32 oz / Moss", 3900, 7), ("32 oz / Ash", 4100, 2)
)
BOOTS = tuple(
    msgspec.structs.replace(boot, category=("Boots",), description="A boot for the hills.")
    for boot in (
        made_in(JACKET, "BW", "Heather Hiking Boot, Women's", ("38", 18000, 3), ("39", 18000, 1)),
        made_in(JACKET, "BM", "Heather Hiking Boot, Men's", ("42", 18000, 2), ("43", 18000, 8), ("44", 18000, 0)),
    )
)


async def over(text: str, *catalog: ProductDetail) -> Answer:
    return await answer(question(text), ShopTools(catalog=catalog))


@pytest.mark.parametrize("text", ["Which is warmer, Brook or Tarn?", "which one is warmer: tarn or brook?"])
async def test_the_first_words_of_titles_are_names_enough_to_compare(text: str) -> None:
    long_named = [
        msgspec.structs.replace(
            bag, card=msgspec.structs.replace(bag.card, title=bag.card.title.replace("Sl", "Down Sl"))
        )
        for bag in BAGS
    ]
    answered = await over(text, *long_named, CATALOG[2])
    assert answered.kind == "comparison"
    assert answered.cards == ["SB-2", "SB-1"]


async def test_the_one_or_the_other_is_a_comparison() -> None:
    answered = await answer(question("the Drizzle jacket or the flask"))
    assert answered.kind == "comparison"
    assert set(answered.cards) == {"JK-7", "BT-1"}


@pytest.mark.parametrize("text", ["NIMBUS TENT WEIGHT???", "nimbus tent weight", "nimbus tent price"])
async def test_a_name_and_what_its_page_tells(text: str) -> None:
    answered = await answer(question(text))
    assert answered.kind == "product_detail"
    assert answered.cards == ["TN-2"]
    assert ("$249.00" if "price" in text else "1.9 kg") in answered.text


@pytest.mark.parametrize(
    "text", ["What about the Reed Bottle?", "how about the reed bottle", "Is the Reed Bottle good?"]
)
async def test_a_name_and_nothing_asked_of_it_gets_the_product_in_short(text: str) -> None:
    answered = await over(text, BOTTLE)
    assert (answered.kind, answered.cards) == ("product_detail", ["RB"])
    assert "$30.00" in answered.text


async def test_a_part_number_is_about_one_form() -> None:
    answered = await over("Is SKU-RB-1 in stock?", BOTTLE)
    assert "32 oz / Moss is in stock" in answered.text
    assert "7 left" in answered.text
    assert "$39.00" in answered.text
    assert "Ash" not in answered.text
    assert "$41.00" in (await over("how much is SKU-RB-2", BOTTLE)).text


@pytest.mark.parametrize("text", ["hiking boots size 43", "do you have hiking boots in size 43?"])
async def test_what_is_made_in_the_size_comes_first_with_its_stock(text: str) -> None:
    answered = await over(text, *BOOTS)
    assert answered.cards[0] == "BM"
    assert "Men's** in 43 is in stock" in answered.text
    assert SAY.not_exactly not in answered.text


async def test_a_size_that_is_sold_out_or_not_made_is_said_so() -> None:
    assert "Men's** in 44 is sold out" in (await over("hiking boots size 44", *BOOTS)).text
    assert "I don't see" in (await over("hiking boots size 50", *BOOTS)).text
    lacking = await answer(question("do you have it in size 47?", shown=("BM",)), ShopTools(catalog=BOOTS))
    assert "I don't see" in lacking.text


@pytest.mark.parametrize("text", ["tent under $100", "tents below $20"])
async def test_no_other_kind_within_the_limit_before_that_is_said(text: str) -> None:
    pegs = msgspec.structs.replace(
        product(FLASK, "PG", "Tent Pegs, Set of 6", "Pegs for any tent."), category=("Tent accessories",)
    )
    cheap = msgspec.structs.replace(
        pegs, card=msgspec.structs.replace(pegs.card, price=Money(1900, "USD"), variants=())
    )
    answered = await over(text, cheap, *CATALOG)
    assert answered.text.startswith("Nothing that fits is within")
    assert answered.cards[0] == "TN-2"


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("sleeping bag for -10 C", ["SB-2"]),
        ("sleeping bag down to 0 degrees", ["SB-3", "SB-2"]),
        ("a sleeping bag for minus 10", ["SB-2"]),
        ("sleeping bag for 20 F", ["SB-2"]),
        ("sleeping bag for -30", ["SB-2", "SB-3", "SB-1"]),
    ],
)
async def test_the_night_decides_which_bag(text: str, cards: list[str]) -> None:
    answered = await over(text, *BAGS, *CATALOG)
    assert answered.cards == cards
    assert (SAY.not_exactly in answered.text) == (len(cards) == len(BAGS))


@pytest.mark.parametrize(
    ("text", "degrees"),
    [
        ("for -10 C", -10.0),
        ("bis minus 5 grad", -5.0),
        ("32f", 0.0),
        ("5°", 5.0),
        ("for 2 people", None),
        ("2-10 people", None),
        ("-20 %", None),
        ("from 20-30", None),
    ],
)
def test_degrees(text: str, degrees: float | None) -> None:
    assert degrees_asked(text) == degrees


async def test_used_things_get_the_rule_on_condition() -> None:
    passages = policies(
        (("Returns",), "You may return anything unused within 30 days. Nothing needs a reason."),
        (("Returns", "Trying on"), "Pitch the tent once in the garden."),
        (("Refunds", "Partly"), "Only what comes back is refunded. If an item comes back used, we refund a part."),
    )
    answered = await answer(question("can I return a used tent?"), ShopTools(policies=passages))
    assert "anything unused within 30 days" in answered.text
    assert "comes back used" in answered.text
    assert "garden" not in answered.text


async def test_policies_are_read_before_a_page_is_called_silent() -> None:
    mug = product(FLASK, "MG", "Clay Mug", "A mug of clay. Holds a pint.")
    repairs = policies((("Repairs",), "We repair chipped mugs for $9.00. It takes a week."))
    for text in ("can you repair my mug", "is the clay mug repaired if it gets chipped?"):
        answered = await answer(question(text), ShopTools(catalog=(mug,), policies=(*POLICIES, *repairs)))
        assert answered.kind == "policy", text
        assert "$9.00" in answered.text
        assert SAY.does_not_say.format(title="Clay Mug") not in answered.text
    silent = await answer(question("is the clay mug magnetic?"), ShopTools(catalog=(mug,)))
    assert silent.kind == "product_silent"


@pytest.mark.parametrize("text", ["what's in it?", "what does it come with", "what is in the nest set?"])
async def test_what_is_in_the_box_is_what_the_page_calls_contents(text: str) -> None:
    pots = product(FLASK, "PO", "Nest Set", "Pots for two. The lid is a pan.", Weight="690 g", Contents="a pot, a bowl")
    answered = await answer(question(text, shown=("PO",)), ShopTools(catalog=(pots,)))
    assert "Contents: a pot, a bowl" in answered.text


async def test_advice_is_no_list_of_products() -> None:
    answered = await answer(question("how do I wash wool?"))
    assert answered.cards == []


def test_repairs_are_a_matter_of_warranty() -> None:
    intent = route("can you repair my mug")
    assert (intent.kind, intent.topic) == (IntentKind.POLICY, Topic.WARRANTY)
