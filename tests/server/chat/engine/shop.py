"""A small shop in memory behind the tools' protocol: catalog, policies and orders of our own invention."""

from uuid import UUID

from integrations.platform import Money, OrderStatus
from server.chat.answering.intents.words import stems
from server.chat.models import (
    CatalogResult,
    HandoffResult,
    OrderAnswer,
    PolicyResult,
    ProductCard,
    ProductDetail,
    Question,
    Source,
    Utterance,
    VariantCard,
)
from server.core.errors import Unavailable
from server.orders.models import (
    ItemView,
    OrderFound,
    OrdersListed,
    OrdersUnavailable,
    OrderView,
    OtherOrderView,
    ProofLevel,
    ProofNeeded,
    TooManyTries,
    TrackingView,
)
from server.shops.identity import Customer, Shopper

FETCHED = "2026-11-20T09:00:00+00:00"


def _detail(
    id: str,
    title: str,
    price: int,
    description: str,
    attributes: dict[str, str],
    variants: tuple[tuple[str, int | None], ...] = (),
    *,
    brand: str = "Fernweh",
    category: tuple[str, ...] = (),
    compare_at: int | None = None,
) -> ProductDetail:
    cards = tuple(
        VariantCard(
            id=f"{id}-{number}", title=name, sku=f"{id}-{number}", price=Money(price, "USD"), available=stock != 0
        )
        for number, (name, stock) in enumerate(variants, start=1)
    )
    card = ProductCard(
        id=id,
        title=title,
        url=f"https://fernweh.example/products/{id.lower()}",
        image_url=None,
        price=Money(price, "USD"),
        available=any(stock != 0 for _, stock in variants) if variants else True,
        fetched_at=FETCHED,
        variants=cards,
        compare_at_price=Money(compare_at, "USD") if compare_at else None,
    )
    return ProductDetail(
        card=card,
        description=description,
        brand=brand,
        category=category,
        attributes=attributes,
        stock=dict(variants),
    )


CATALOG = (
    _detail(
        "TN-2",
        "Nimbus Tent 2P",
        24900,
        "A light tent for two people with a waterproof fly. Two doors and two porches. "
        "It packs down to the size of a loaf.",
        {"Weight": "1.9 kg", "Capacity": "2 people", "Material": "ripstop nylon", "Floor": "3,000 mm water column"},
        (("Green", 5), ("Sand", 0)),
        category=("Tents",),
    ),
    _detail(
        "TN-4",
        "Cumulus Tent 4P",
        38900,
        "A roomy family tent with standing height. The poles are colour coded, so it goes up in ten minutes.",
        {"Weight": "6.2 kg", "Capacity": "4 people", "Material": "polyester", "Floor": "5,000 mm water column"},
        (("Blue", 3),),
        category=("Tents",),
    ),
    _detail(
        "JK-7",
        "Drizzle Rain Jacket",
        12900,
        "A waterproof jacket that packs into its own pocket. Taped seams keep heavy rain out.",
        {"Weight": "310 g", "Material": "recycled polyester", "Care": "Machine wash at 30 °C"},
        (("Blue / S", 4), ("Blue / M", 0), ("Red / M", 2)),
        category=("Jackets",),
        compare_at=15900,
    ),
    _detail(
        "BT-1",
        "Glacier Flask",
        2950,
        "A steel flask that keeps drinks cold for 24 hours and hot for 12. The lid doubles as a cup.",
        {"Capacity": "750 ml", "Weight": "380 g", "Dishwasher safe": "no"},
        (("Steel", 40),),
        category=("Bottles",),
    ),
    _detail(
        "BT-2",
        "Brook Bottle",
        1450,
        "A simple bottle for every day, made of recycled plastic.",
        {"Capacity": "600 ml", "Weight": "90 g", "Dishwasher safe": "yes"},
        (("Clear", 0),),
        category=("Bottles",),
    ),
    _detail(
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
    Source(
        id="document:returns#0",
        kind="document",
        title="Returns and refunds",
        heading_path=("Returns and refunds", "How long you have"),
        text="## How long you have\n\nYou can return unused items within 30 days of delivery. "
        "Return shipping inside the "
        "country is free with the label in your parcel. "
        "Sale items can be exchanged but not refunded.\n\n"
        "## Refunds\n\nWe refund to the original payment method within 5 business days of receiving your return.",
        url="https://fernweh.example/pages/returns",
    ),
    Source(
        id="document:shipping#0",
        kind="document",
        title="Shipping",
        heading_path=("Shipping",),
        text="# Shipping\n\n- Standard shipping takes 3-5 business days and costs $6.90.\n"
        "- Orders over $80 ship free.\n"
        "- Express delivery takes 1-2 business days and costs $14.\n\n"
        "We ship to Canada and the EU; customs duties may apply.",
        url="https://fernweh.example/pages/shipping",
    ),
    Source(
        id="document:warranty#0",
        kind="document",
        title="Warranty",
        heading_path=("Warranty",),
        text="Every tent and jacket has a warranty of 3 years against defects in material and workmanship. "
        "Normal wear is not covered. To make a claim, write to us with a photo.",
        url="https://fernweh.example/pages/warranty",
    ),
    Source(
        id="document:payment#0",
        kind="document",
        title="Payment",
        heading_path=("Payment",),
        text="We accept Visa, Mastercard, PayPal and bank transfer. Your card is charged when the order ships.",
        url="https://fernweh.example/pages/payment",
    ),
    Source(
        id="document:orders#0",
        kind="document",
        title="Changing or cancelling an order",
        heading_path=("Changing or cancelling an order",),
        text="An order can be cancelled or changed until it is packed, usually within 2 hours. "
        "After that, please return it.",
        url="https://fernweh.example/pages/orders",
    ),
)

ORDER = OrderView(
    number="#1001",
    status=OrderStatus.SHIPPED,
    status_text="Shipped",
    placed_on="2026-11-14",
    estimated_delivery="2026-11-24",
)
FULL_ORDER = OrderView(
    number="#1001",
    status=OrderStatus.SHIPPED,
    status_text="Shipped",
    placed_on="2026-11-14",
    estimated_delivery="2026-11-24",
    items=(ItemView(title="Nimbus Tent 2P", quantity=1, variant="Green"), ItemView(title="Glacier Flask", quantity=2)),
    tracking=(TrackingView(carrier="DHL", number="00340434161094042557"),),
    total=Money(30800, "USD"),
)
LISTED = (
    OtherOrderView("#1003", OrderStatus.PROCESSING, "Being prepared", "2026-11-18"),
    OtherOrderView("#1001", OrderStatus.SHIPPED, "Shipped", "2026-11-14"),
)
OWNER = {"email": "mara@post.example", "postcode": "97205"}


class ShopTools:
    """The tools over the shop above. `away` names tools that are down; `calls` are the names called, with arguments."""

    def __init__(
        self,
        *,
        signed_in: bool = False,
        level: ProofLevel = ProofLevel.KNOWS_ORDER,
        away: frozenset[str] = frozenset(),
        locked: bool = False,
        connected: bool = True,
        staff: str = "waiting",
        catalog: tuple[ProductDetail, ...] = CATALOG,
        policies: tuple[Source, ...] = POLICIES,
    ) -> None:
        self._signed_in, self._level, self._away = signed_in, level, away
        self._locked, self._connected, self._staff, self.catalog = locked, connected, staff, catalog
        self._policies = policies
        self.calls: list[tuple[str, object]] = []

    async def search_catalog(
        self,
        query: str,
        *,
        price_min: int | None = None,
        price_max: int | None = None,
        in_stock: bool = False,
        limit: int = 6,
    ) -> CatalogResult:
        self._called("search_catalog", query)
        wanted = set(stems(query))
        numbers = set(query.lower().replace("?", " ").split())
        exact = [
            product
            for product in self.catalog
            if numbers & {product.card.id.lower(), *((each.sku or "").lower() for each in product.card.variants)}
        ]
        found = []
        for product in self.catalog:
            price = product.card.price.amount if product.card.price else 0
            in_limits = (price_max is None or price <= price_max) and (price_min is None or price >= price_min)
            if in_limits and (product.card.available or not in_stock):
                text = set(stems(" ".join((product.card.title, product.description, *product.category))))
                title = set(stems(product.card.title))
                found.append((len(wanted & text) + len(wanted & title) + 9 * (product in exact), product))
        found.sort(key=lambda entry: -entry[0])
        best = found[:limit]
        return CatalogResult(
            products=tuple(product for _, product in best),
            scores=tuple(min(0.55, 0.1 + 0.1 * score) for score, _ in best),
            exact=bool(exact),
        )

    async def get_product(self, product_id: str) -> ProductDetail | None:
        self._called("get_product", product_id)
        return next((product for product in self.catalog if product.card.id == product_id), None)

    async def search_policies(self, query: str, *, limit: int = 4) -> PolicyResult:
        self._called("search_policies", query)
        wanted = set(stems(query))
        ranked = sorted(self._policies, key=lambda source: -len(wanted & set(stems(f"{source.title} {source.text}"))))
        return PolicyResult(sources=tuple(ranked[:limit]))

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        self._called("order_status", order_number)
        if not self._connected:
            return OrderAnswer(outcome=OrdersUnavailable(connected=False))
        if self._signed_in and order_number is None:
            return self._with_source(OrderAnswer(outcome=OrdersListed(LISTED, FETCHED)), "orders")
        if self._signed_in and order_number and order_number.strip("#") == "1001":
            return self._found()
        return OrderAnswer(outcome=ProofNeeded(order_number=order_number, methods=("email", "postcode")))

    async def prove(
        self, order_number: str, *, email: str | None = None, postcode: str | None = None, name: str | None = None
    ) -> OrderAnswer:
        self._called("prove", (order_number, email, postcode, name))
        if self._locked:
            return OrderAnswer(outcome=TooManyTries(900))
        if order_number.strip("#") == "1001" and (email == OWNER["email"] or postcode == OWNER["postcode"]):
            return self._found()
        return OrderAnswer(outcome=ProofNeeded(order_number=order_number, methods=("email", "postcode"), refused=True))

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        self._called("request_human", (reason, email))
        return HandoffResult(state=self._staff, contact={"email": "care@fernweh.example", "phone": "+1 503 555 0102"})

    def _found(self) -> OrderAnswer:
        view = FULL_ORDER if self._level >= ProofLevel.READS_MAIL else ORDER
        outcome = OrderFound(
            view=view, level=self._level, fetched_at=FETCHED, more_with_code=self._level == ProofLevel.KNOWS_ORDER
        )
        return self._with_source(OrderAnswer(outcome=outcome), "order:#1001")

    def _with_source(self, answer: OrderAnswer, source_id: str) -> OrderAnswer:
        source = Source(id=source_id, kind="order", title="Order", text="", fetched_at=FETCHED)
        return OrderAnswer(outcome=answer.outcome, source=source)

    def _called(self, name: str, given: object) -> None:
        self.calls.append((name, given))
        if name in self._away:
            raise Unavailable("the test has taken this away")


def question(
    text: str,
    *,
    locale: str = "en",
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
        order_in_question=order,
        page_product_id=page,
        shop_name="Fernweh Outfitters",
        currency=currency,
    )
