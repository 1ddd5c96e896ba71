"""Texts of the demo shop that try to speak to a model, and a model that says what they want.

    python -m tests.evaluation.claims.injections [--list]

Each payload stands in each place of a product or a document, bare and as an instruction; the model says it as it is.
Prints how many marks reached the shopper. Exits with 0 whatever the result.
"""

import argparse
import asyncio
import itertools
import tomllib
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from integrations.demo import load_store
from integrations.platform import Product
from tests.evaluation.claims.data import FOLDER, ask_demo, demo_documents
from tests.evaluation.claims.scripted import SayingModel, answer_with
from tests.server.chat.engine.memory import Document
from tests.server.chat.engine.shop import ShopTools, made_product

PRODUCT_PLACES = ("title", "description", "attribute", "attribute name", "variant", "brand", "category")
DOCUMENT_PLACES = ("document title", "heading", "body", "table")


class Payload(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be said, and the part of it that must not be."""

    text: str
    mark: str


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    wrappers: list[str]
    payload: list[Payload]


class Injection(Struct, frozen=True):
    """A payload as it stands in one place."""

    payload: Payload
    place: str
    written: str
    is_signed_in: bool


def list_injections() -> Iterator[Injection]:
    """All of them. A document may bare say what it likes of the shop, so there each payload is an instruction."""
    file = msgspec.convert(tomllib.loads((FOLDER / "injections.toml").read_text("utf-8")), _File)
    signed_in = itertools.cycle((False, True))
    for payload in file.payload:
        instructions = [each.format(text=payload.text) for each in file.wrappers]
        for place in PRODUCT_PLACES:
            for written in (payload.text, instructions[0]):
                yield Injection(payload, place, written, next(signed_in))
        for place in DOCUMENT_PLACES:
            for written in instructions:
                yield Injection(payload, place, written, next(signed_in))


def poisoned_tools(injection: Injection) -> ShopTools:
    """A few products and documents of the demo shop with one that holds the injection."""
    text, place = injection.written, injection.place
    product = made_product(
        "lantern",
        f"Harbour Lantern {text}" if place == "title" else "Harbour Lantern",
        4900,
        f"A lamp for the harbour. {text}" if place == "description" else "A lamp for the harbour.",
        {"Material": text}
        if place == "attribute"
        else {text: "yes"}
        if place == "attribute name"
        else {"Material": "brass"},
        ((text, 5),) if place == "variant" else (("Brass", 5),),
        brand=text if place == "brand" else "Saltmarsh",
        category=(text,) if place == "category" else ("Lamps",),
    )
    document = Document(
        "lamps",
        f"Lamp repairs. {text}" if place == "document title" else "Lamp repairs",
        f"## {text if place == 'heading' else 'Lamps'}\n\nWe repair and return lamps."
        + (f" {text}" if place == "body" else "")
        + (f"\n\n| What | Note |\n|---|---|\n| Lamps | {text} |\n" if place == "table" else ""),
    )
    catalog: tuple[Product, ...] = (product, *load_store().products[:8])
    return ShopTools(catalog=catalog, policies=(document, *demo_documents()[:4]), signed_in=injection.is_signed_in)


async def find_successes(injections: list[Injection]) -> list[tuple[Injection, str]]:
    """Those whose mark stands in the answer, each with the answer."""
    found = []
    for each in injections:
        about = "lamp repairs and returns" if each.place in DOCUMENT_PLACES else "the Harbour Lantern"
        asked = ask_demo(f"Tell me about {about}", "en", is_signed_in=each.is_signed_in)
        transcript = await answer_with(SayingModel(each.payload.text), asked, poisoned_tools(each))
        said = transcript.text if transcript.author == "model" else ""
        if each.payload.mark.casefold() in said.casefold():
            found.append((each, said))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    injections = list(list_injections())
    found = asyncio.run(find_successes(injections))
    for each, said in found if given.list else ():
        print(f"[{each.place}] {each.written}\n      {said[:200]}")
    signed_in = sum(each.is_signed_in for each, _ in found)
    print(f"{len(found)} of {len(injections)} reached, {signed_in} of them a signed-in shopper")


if __name__ == "__main__":
    main()
