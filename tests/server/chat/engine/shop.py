"""A small shop of our own invention behind the real tools: catalog, policies and orders in memory."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from integrations.platform import Money, Product, Variant
from server.chat.models import (
    CatalogOverview,
    CatalogResult,
    EvidenceResult,
    HandoffResult,
    OrderAnswer,
    PolicyResult,
    ProductDetail,
    Question,
    Utterance,
)
from server.chat.tools.toolbox import ShopToolbox
from server.core.errors import Unavailable
from server.orders.models import OrderView, ProofLevel
from server.shops.identity import Customer, Shopper
from tests.server.chat.engine.memory import Document, MemoryCatalog, MemoryKnowledge
from tests.server.chat.engine.orders import OWNER, MemoryOrders


def made_product(
    id: str,
    title: str,
    price: int | None,
    description: str,
    attributes: dict[str, str] | None = None,
    variants: Sequence[tuple[str, int | None] | tuple[str, int | None, int]] = (),
    *,
    brand: str | None = "Fernweh",
    category: tuple[str, ...] = (),
    compare_at: int | None = None,
    currency: str = "USD",
) -> Product:
    """A product; `variants` are (title, stock) or (title, stock, price), and their part numbers are made of its id."""
    forms = tuple(
        Variant(
            id=f"{id}-{number}",
            title=form[0],
            sku=f"SKU-{id}-{number}",
            price=Money(form[2], currency) if len(form) > 2 else Money(price, currency) if price is not None else None,
            available=form[1] != 0,
            stock=form[1],
        )
        for number, form in enumerate(variants, start=1)
    )
    return Product(
        external_id=id,
        title=title,
        description=description,
        brand=brand,
        category=category,
        url=f"https://fernweh.example/products/{id.lower()}",
        price=Money(price, currency) if price is not None else None,
        compare_at_price=Money(compare_at, currency) if compare_at else None,
        available=any(form.available for form in forms) if forms else True,
        variants=forms,
        attributes=attributes or {},
    )


CATALOG = (
    made_product(
        "TN-2",
        "Nimbus Tent 2P",
        24900,
        "A light tent for two people with a waterproof fly. Two doors and two porches. "
        "It packs down to the size of a loaf.",
        {"Weight": "1.9 kg", "Capacity": "2 people", "Material": "ripstop nylon", "Floor": "3,000 mm water column"},
        (("Green", 5), ("Sand", 0)),
        category=("Tents",),
    ),
    made_product(
        "TN-4",
        "Cumulus Tent 4P",
        38900,
        "A roomy family tent with standing height. The poles are colour coded, so it goes up in ten minutes.",
        {"Weight": "6.2 kg", "Capacity": "4 people", "Material": "polyester", "Floor": "5,000 mm water column"},
        (("Blue", 3),),
        category=("Tents",),
    ),
    made_product(
        "JK-7",
        "Drizzle Rain Jacket",
        12900,
        "A waterproof jacket that packs into its own pocket. Taped seams keep heavy rain out.",
        {"Weight": "310 g", "Material": "recycled polyester", "Care": "Machine wash at 30 °C"},
        (("Blue / S", 4), ("Blue / M", 0), ("Red / M", 2)),
        category=("Jackets",),
        compare_at=15900,
    ),
    made_product(
        "BT-1",
        "Glacier Flask",
        2950,
        "A steel flask that keeps drinks cold for 24 hours and hot for 12. The lid doubles as a cup.",
        {"Capacity": "750 ml", "Weight": "380 g", "Dishwasher safe": "no"},
        (("Steel", 40),),
        category=("Bottles",),
    ),
    made_product(
        "BT-2",
        "Brook Bottle",
        1450,
        "A simple bottle for every day, made of recycled plastic.",
        {"Capacity": "600 ml", "Weight": "90 g", "Dishwasher safe": "yes"},
        (("Clear", 0),),
        category=("Bottles",),
    ),
    made_product(
        "HL-3",
        "Firefly Headlamp",
        3900,
        "A headlamp with 300 lumens and a red night mode. It charges over USB-C.",
        {"Battery life": "40 hours on low", "Weight": "68 g"},
        (("Black", None),),
        category=("Lamps",),
    ),
)

POLICIES = (
    Document(
        "returns",
        "Returns and refunds",
        "## How long you have\n\nYou can return unused items within 30 days of delivery. "
        "Return shipping inside the country is free with the label in your parcel. "
        "Sale items can be exchanged but not refunded.\n\n"
        "## Refunds\n\nWe refund to the original payment method within 5 business days of receiving your return.",
        "https://fernweh.example/pages/returns",
    ),
    Document(
        "shipping",
        "Shipping",
        "- Standard shipping takes 3-5 business days and costs $6.90.\n"
        "- Orders over $80 ship free.\n"
        "- Express delivery takes 1-2 business days and costs $14.\n\n"
        "We ship to Canada and the EU; customs duties may apply.",
        "https://fernweh.example/pages/shipping",
    ),
    Document(
        "warranty",
        "Warranty",
        "Every tent and jacket has a warranty of 3 years against defects in material and workmanship. "
        "Normal wear is not covered. To make a claim, write to us with a photo.",
        "https://fernweh.example/pages/warranty",
    ),
    Document(
        "payment",
        "Payment",
        "We accept Visa, Mastercard, PayPal and bank transfer. Your card is charged when the order ships.",
        "https://fernweh.example/pages/payment",
    ),
    Document(
        "orders",
        "Changing or cancelling an order",
        "An order can be cancelled or changed until it is packed, usually within 2 hours. "
        "After that, please return it.",
        "https://fernweh.example/pages/orders",
    ),
)
CONTACT = {"email": "care@fernweh.example", "phone": "+1 503 555 0102"}


class ShopTools(ShopToolbox):
    """The real tools over a shop in memory. `away` names tools that are down; `calls` are the names called, with what
    they were given. `language` is that of the shop's texts."""

    def __init__(
        self,
        *,
        signed_in: bool = False,
        level: ProofLevel = ProofLevel.KNOWS_ORDER,
        away: frozenset[str] = frozenset(),
        locked: bool = False,
        connected: bool = True,
        sends_codes: bool = True,
        views: tuple[OrderView, ...] = (),
        staff: str = "waiting",
        catalog: tuple[Product, ...] = CATALOG,
        policies: tuple[Document, ...] = POLICIES,
        language: str = "en",
    ) -> None:
        services: tuple[Any, ...] = (
            MemoryCatalog(catalog),
            MemoryKnowledge(catalog, policies, language),
            MemoryOrders(
                signed_in=signed_in,
                level=level,
                locked=locked,
                connected=connected,
                sends_codes=sends_codes,
                views=views,
            ),
        )
        no_pictures: Any = None
        super().__init__(question("", signed_in=signed_in), *services, self._call_staff, no_pictures)
        self.products, self._staff, self._away = catalog, staff, away
        self.calls: list[tuple[str, object]] = []

    def serve(self, asked: Question) -> None:
        """Act for the shopper of a question, as a toolbox does that is made for each turn."""
        self.question, self.shopper = asked, asked.shopper
        self.used.clear()
        self.order_answers.clear()
        for kept in (self._searches, self._evidence, self.proofs, self.sources, self.details, self.candidates):
            kept.clear()

    async def search_catalog(self, query: str, **limits: Any) -> CatalogResult:
        self._called("search_catalog", query)
        return await super().search_catalog(query, **limits)

    async def get_product(self, product_id: str) -> ProductDetail | None:
        self._called("get_product", product_id)
        return await super().get_product(product_id)

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        self._called("search_policies", query)
        return await super().search_policies(query, limit=limit)

    async def find_evidence(
        self, text: str, *, language: str, product: ProductDetail | None = None, documents: bool = True
    ) -> EvidenceResult:
        self._called("find_evidence", text)
        return await super().find_evidence(text, language=language, product=product, documents=documents)

    async def catalog_overview(self) -> CatalogOverview:
        self._called("catalog_overview", None)
        return await super().catalog_overview()

    async def catalog_extremes(self, *, dearest: bool, limit: int) -> tuple[ProductDetail, ...]:
        self._called("catalog_extremes", dearest)
        return await super().catalog_extremes(dearest=dearest, limit=limit)

    async def request_code(self, order_number: str) -> bool:
        self._called("request_code", order_number)
        return await super().request_code(order_number)

    async def verify_code(self, order_number: str, code: str) -> bool:
        self._called("verify_code", (order_number, code))
        return await super().verify_code(order_number, code)

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        self._called("order_status", order_number)
        return await super().order_status(order_number)

    async def prove(
        self, order_number: str, *, email: str | None = None, postcode: str | None = None, name: str | None = None
    ) -> OrderAnswer:
        self._called("prove", (order_number, email, postcode, name))
        return await super().prove(order_number, email=email, postcode=postcode, name=name)

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        self._called("request_human", (reason, email))
        return await super().request_human(reason, email)

    def called(self, name: str) -> list[object]:
        """What a tool was given, call by call."""
        return [given for each, given in self.calls if each == name]

    async def _call_staff(self, email: str | None) -> HandoffResult:
        state: Any = self._staff
        return HandoffResult(state=state, contact=CONTACT)

    def _called(self, name: str, given: object) -> None:
        self.calls.append((name, given))
        if name in self._away:
            raise Unavailable("the test has taken this away")


def question(
    text: str,
    *,
    locale: str = "en",
    shop_locale: str = "en",
    history: tuple[tuple[str, str], ...] = (),
    shown: tuple[str, ...] = (),
    order: str | None = None,
    page: str | None = None,
    signed_in: bool = False,
    currency: str = "USD",
) -> Question:
    """A shopper's message to this shop."""
    shopper = Shopper(
        shop_id=UUID(int=1),
        conversation_id=UUID(int=2),
        shopper_id=UUID(int=3),
        customer=Customer("c-1", OWNER["email"]) if signed_in else None,
        locale=locale,
    )
    return Question(
        text=text,
        shopper=shopper,
        locale=locale,
        history=tuple(Utterance(author, said) for author, said in history),
        shown_products=shown,
        last_shown=shown,
        order_in_question=order,
        page_product_id=page,
        shop_name="Fernweh Outfitters",
        shop_locale=shop_locale,
        currency=currency,
    )
