"""What becomes a unit: nothing that misleads alone, nothing lost, every answer with its question."""

import random
import re

from integrations.platform import Product, Variant
from server.knowledge.evidence import UnitKind, document_units, embedded_text, passage_units, product_units
from server.knowledge.evidence.extraction import MAX_PRODUCT_UNITS
from server.knowledge.evidence.unit import MAX_UNIT_CHARS
from server.knowledge.passages import PassageDraft


def texts(body: str, *, heading: tuple[str, ...] = (), language: str = "en") -> list[tuple[str, str, str]]:
    """(kind, label, text) of a document's units."""
    return [(unit.kind.value, unit.label, unit.text) for unit in passage_units("Help", heading, body, language)]


def described(description: str, language: str = "en") -> list[str]:
    product = Product(external_id="p", title="Thing", description=description)
    return [unit.text for unit in product_units(product, language)]


def test_a_restriction_is_not_parted_from_what_it_restricts() -> None:
    assert described("Evening use only. Do not use during pregnancy.") == [
        "Evening use only. Do not use during pregnancy."
    ]
    assert described("Nur abends. Nicht in der Schwangerschaft anwenden.", "de") == [
        "Nur abends. Nicht in der Schwangerschaft anwenden."
    ]
    assert described("夜用です。妊娠中は使用しないでください。", "ja") == ["夜用です。妊娠中は使用しないでください。"]


def test_a_sentence_that_leans_on_the_one_before_is_kept_with_it() -> None:
    body = (
        "You can cancel within one hour. After that the parcel is packed. We ship every day. However, not on Sundays."
    )
    assert [text for _, _, text in texts(body)] == [
        "You can cancel within one hour. After that the parcel is packed.",
        "We ship every day. However, not on Sundays.",
    ]
    german = "Der Umtausch ist kostenlos. Dies gilt nicht für Sale-Artikel. Wir liefern nach Österreich."
    assert [text for _, _, text in texts(german, language="de")] == [
        "Der Umtausch ist kostenlos. Dies gilt nicht für Sale-Artikel.",
        "Wir liefern nach Österreich.",
    ]


def test_on_its_own_page_a_pronoun_may_stand_for_the_product() -> None:
    text = "A warm tent for winter nights. It weighs two kilograms in its bag."
    assert len(described(text)) == 2
    assert len(texts(text)) == 1


def test_long_chains_overlap_instead_of_growing() -> None:
    sentence = "This also holds for everything that was bought at a lower price in one of our shops on the coast."
    units = texts(" ".join([sentence] * 12))
    assert len(units) > 3
    assert all(len(text) <= MAX_UNIT_CHARS and text.count("This") >= 2 for _, _, text in units)


def test_neighbours_are_given_and_not_quoted() -> None:
    one, two, three = "We open at nine o'clock.", "Parking is free for customers.", "Dogs are welcome in the shop."
    units = passage_units("Shop", (), " ".join((one, two, three)))
    assert [(unit.before, unit.text, unit.after) for unit in units] == [
        ("", one, two),
        (one, two, three),
        (two, three, ""),
    ]
    assert [unit.place for unit in units] == [0, 1, 2]


def test_questions_get_their_answers_and_never_stand_alone() -> None:
    marked = "Q: Do you ship abroad?\nA: Yes, to 30 countries. Delivery takes a week.\n\nQ: Can I pay later?\nA: No."
    assert texts(marked) == [
        ("answer", "Do you ship abroad?", "Yes, to 30 countries. Delivery takes a week."),
        ("answer", "Can I pay later?", "No."),
    ]
    lines = "Is it safe?\nIt was tested by a laboratory.\n\nAnd for dogs?"
    assert texts(lines) == [("answer", "Is it safe?", "It was tested by a laboratory.")]
    assert texts("It is blue. Need help? Call us on Monday.") == [
        ("sentence", "", "It is blue."),
        ("answer", "Need help?", "Call us on Monday."),
    ]
    assert texts("- What is it?\n- Who are you?") == []


def test_a_heading_that_asks_makes_its_text_the_answer() -> None:
    short = texts("Within 30 days.\n\n- unused\n- in its box", heading=("Returns", "Can I return it?"))
    assert short == [("answer", "Can I return it?", "Within 30 days.\n- unused\n- in its box")]
    long = texts(" ".join(["Every parcel is checked by two people in our warehouse."] * 20), heading=("How?",))
    assert len(long) > 1
    assert all((kind, label) == ("answer", "How?") and len(text) <= MAX_UNIT_CHARS for kind, label, text in long)


def test_questions_in_other_scripts() -> None:
    assert texts("返品できますか？\n14日以内であれば可能です。", language="ja") == [
        ("answer", "返品できますか?", "14日以内であれば可能です。")
    ]
    assert texts("هل يمكنني الإرجاع؟\nنعم، خلال 14 يوما من الاستلام.", language="ar") == [
        ("answer", "هل يمكنني الإرجاع؟", "نعم، خلال 14 يوما من الاستلام.")
    ]
    assert texts("Frage: Gibt es Rabatt?\nAntwort: Ja, zehn Prozent.", language="de") == [
        ("answer", "Gibt es Rabatt?", "Ja, zehn Prozent.")
    ]


def test_rows_carry_their_headers_and_name() -> None:
    body = "Service: Standard; Price: $6.95; Time: 3 days\nService: Express; Price: $12; Time: 1 day"
    assert texts(body) == [
        ("row", "Standard", "Service: Standard, Price: $6.95, Time: 3 days"),
        ("row", "Express", "Service: Express, Price: $12, Time: 1 day"),
    ]
    markdown = "| Size | Chest |\n|---|---|\n| M | 96 cm |"
    assert texts(markdown) == [("row", "M", "Size: M, Chest: 96 cm")]
    matrix = "Small | Large\nChest | 90 | 100\nWaist | 70 | 80"
    assert texts(matrix) == [
        ("row", "Chest", "Chest, Small: 90, Large: 100"),
        ("row", "Waist", "Waist, Small: 70, Large: 80"),
    ]


def test_pairs_are_rows_and_a_sheets_records_stay_together() -> None:
    assert texts("Monday: 9-17\nSunday: closed") == [
        ("row", "Monday", "Monday: 9-17"),
        ("row", "Sunday", "Sunday: closed"),
    ]
    sheet = "country: Spain\nprice: 9 EUR\n\ncountry: Italy\nprice: 11 EUR"
    assert [text for _, _, text in texts(sheet)] == ["country: Spain, price: 9 EUR", "country: Italy, price: 11 EUR"]


def test_list_items_carry_what_leads_to_them() -> None:
    assert texts("We accept:\n- Visa\n- PayPal") == [("item", "We accept:", "Visa, PayPal")]
    excluded = passage_units("Returns", ("What we do not take back",), "- opened cosmetics\n- gift cards")
    assert [(unit.label, unit.text) for unit in excluded] == [
        ("What we do not take back", "opened cosmetics, gift cards")
    ]
    long = "You may send it back when:\n" + "\n".join(
        f"- the seal of part {n} is as it was when it came to you, dry and clean" for n in range(4)
    )
    assert {label for _, label, _ in texts(long)} == {"You may send it back when:"}
    assert len(texts(long)) == 4


def test_a_document_is_read_over_its_passages() -> None:
    drafts = [
        PassageDraft(position=0, text="Is it refunded?\nYes. We refund these:", heading_path=("Returns",)),
        PassageDraft(
            position=1,
            text="- unused shoes with their box and all the paper that was in it at first",
            heading_path=("Returns",),
        ),
        PassageDraft(position=2, text="We answer mails on weekdays.", heading_path=("Contact",)),
    ]
    read = document_units("Shop", drafts, "en")
    assert [(each.passage, each.unit.kind, each.unit.heading) for each in read] == [
        (0, UnitKind.ANSWER, ("Returns",)),
        (2, UnitKind.SENTENCE, ("Contact",)),
    ]
    assert "unused shoes" in read[0].unit.text
    assert [each.unit.place for each in read] == [0, 1]


def test_a_product_says_its_fields_in_its_language() -> None:
    product = Product(
        external_id="p",
        title="Zelt",
        brand="Halden",
        category=("Camping", "Zelte"),
        description="Ein Zelt für zwei.\n\nPflege\n- Farbe der Schnüre: rot\n- Nicht waschen",
        attributes={"packed_weight": "1,9 kg", "Größe": "S, M", "Leer": " "},
        variants=(
            Variant(id="1", title="S", options={"Größe": "S", "Farbe": "Rot"}),
            Variant(id="2", title="M", options={"Größe": "M", "Farbe": "Rot"}),
        ),
    )
    units = product_units(product, "de")
    assert [(unit.kind.value, unit.label, unit.text) for unit in units] == [
        ("attribute", "Marke", "Halden"),
        ("attribute", "Kategorie", "Camping > Zelte"),
        ("attribute", "Größe", "S, M"),
        ("attribute", "Farbe", "Rot"),
        ("attribute", "Packed weight", "1,9 kg"),
        ("sentence", "", "Ein Zelt für zwei."),
        ("item", "Pflege", "Farbe der Schnüre: rot"),
        ("item", "Pflege", "Nicht waschen"),
    ]
    assert [unit.place for unit in units] == list(range(len(units)))


def test_products_are_bounded() -> None:
    product = Product(
        external_id="p",
        title="Everything",
        description=" ".join(f"Sentence number {n} says something of its own." for n in range(500)),
        attributes={f"name {n}": "x" * 3_000 for n in range(100)},
    )
    units = product_units(product)
    assert len(units) == MAX_PRODUCT_UNITS
    assert max(len(unit.text) for unit in units) <= 2 * MAX_UNIT_CHARS
    assert any(unit.kind is UnitKind.SENTENCE for unit in units)


def test_no_word_of_a_text_is_lost_and_none_is_made_up() -> None:
    chance = random.Random(3)
    kinds = ("{}", "- {}", "{}: {}", "{}.", "{}. {}! {}.", "a: {}; b: {}", "", "# {}", "{} | {}", "{}: {}.")
    for _ in range(300):
        words = iter([f"word{number}x{number * 7}" for number in range(60)])
        body = "\n".join(
            chance.choice(kinds).format(*(f"{next(words)} {next(words)} {next(words)}" for _ in range(3)))
            for _ in range(6)
        )
        said = set(re.findall(r"word\w+", body))
        units = passage_units("Help", (), body)
        found = " ".join(" ".join((*unit.heading, unit.label, unit.text)) for unit in units)
        kept = set(re.findall(r"word\w+", found))
        assert kept <= said
        headings = {word for line in body.splitlines() if line.startswith("#") for word in re.findall(r"word\w+", line)}
        assert said - headings <= kept, body


def test_what_is_embedded_says_where_a_unit_stands() -> None:
    (unit,) = passage_units("Help", ("Returns",), "We accept:\n- Visa\n- PayPal")
    assert embedded_text(unit) == "Help > Returns\nWe accept: Visa, PayPal"
    (answer,) = passage_units("Help", ("Can I return it?",), "Within 30 days.")
    assert embedded_text(answer) == "Help > Can I return it?\nWithin 30 days."
