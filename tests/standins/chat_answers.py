"""The ready answers of `chat_server`: what is said to which question, as parts of the stream."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from server.shops.readability import palettes_of

Event = dict[str, Any]
COLOR = re.compile(r"#[0-9a-fA-F]{6}")

GREETING = "Hi! What are you looking for today?"
SUGGESTIONS = ["Show me warm jackets", "Where is my order 1001?", "How long does shipping take?"]
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html,<script>alert(1)</script>)",
    "[click](//evil.example/x)",
    "[click](https://evil.example/x)",
    "[click](https:\\\\evil.example)",
    "![x](https://evil.example/pixel.png)",
    "https://evil.example/bare",
    "<https://evil.example/auto>",
    "[a][b]\n\n[b]: https://evil.example",
    "[x](https://shop.example@evil.example/)",
]


def session(token: str, conversation: str, locale: str, appearance: dict[str, Any]) -> dict[str, Any]:
    """What `POST /v1/sessions` answers."""
    look = {"accent": "#2f6f4f", "name": "Fern & Field", "avatar_url": None, "position": "right", "theme": "auto"}
    return {
        "session": token,
        "expires_at": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
        "conversation_id": conversation,
        "appearance": dressed(look | appearance),
        "greeting": GREETING,
        "suggestions": SUGGESTIONS,
        "locale": locale,
    }


def dressed(appearance: dict[str, Any]) -> dict[str, Any]:
    """With the colours that a server works out of it, unless a test gives its own."""
    unset = dict.fromkeys(("accent", "accent_dark", "background", "background_dark"))
    colors = {**unset, **{name: value for name, value in appearance.items() if name in unset}}
    are_colors = all(value is None or COLOR.fullmatch(str(value)) for value in colors.values()) and colors["accent"]
    return ({"palette": palettes_of(colors)} if are_colors else {}) | appearance


def level_of(body: dict[str, Any]) -> int:
    """Order 1001 belongs to ada@example.com in 1011; the code is always 123456."""
    if body.get("code"):
        return 2 if body["code"] == "123456" else 0
    known = body.get("email") == "ada@example.com" or body.get("postcode") == "1011"
    return 1 if known and body.get("order_number") == "1001" else 0


def events(question: str, level: int, base: str) -> list[Event]:
    """The parts of the answer to a question, `start` left out."""
    asked = question.lower()
    if "order" in asked or "1001" in asked:
        return order_answer(level)
    if "jacket" in asked or "product" in asked:
        return product_answer(base)
    if "lantern" in asked:
        return one_product_answer()
    if "ship" in asked or "return" in asked:
        return policy_answer()
    if "markup" in asked:
        return hostile_answer()
    if "compare" in asked:
        return table_answer()
    if "person" in asked:
        return [
            {"type": "data-handoff", "data": {"state": "waiting"}},
            *said("A colleague will be with you shortly."),
            finish(),
        ]
    if "quota" in asked:
        contact = {"email": "hello@fern.example", "phone": "+31 20 555 0100", "url": "https://fern.example/contact"}
        return [
            *said("I cannot answer right now, but the team can."),
            {"type": "data-fallback", "data": {"reason": "quota", "contact": contact}},
            finish(),
        ]
    if "account" in asked:
        return [
            *said("I can look at your orders once you are signed in."),
            {"type": "data-verification", "data": {"methods": ["sign_in"]}},
            finish(),
        ]
    if "deutsch" in asked:
        wanted = {"order_number": "1001", "methods": ["email", "postcode"]}
        return [
            *said("Gern. Ich brauche noch eine Angabe."),
            {"type": "data-verification", "data": wanted},
            finish(locale="de"),
        ]
    if "slow" in asked:
        return [*said(*[f"Sentence {number} of a long answer. " for number in range(1, 221)]), finish()]
    if "break" in asked:
        return [*said("Let me see"), {"type": "error", "errorText": "model_failed"}]
    return [*said("I can help with products, orders and the shop's policies. What would you like to know?"), finish()]


def said(*sentences: str, part: str = "t1") -> list[Event]:
    """One text part, sentence by sentence."""
    deltas = [{"type": "text-delta", "id": part, "delta": sentence} for sentence in sentences]
    return [{"type": "text-start", "id": part}, *deltas, {"type": "text-end", "id": part}]


def finish(**metadata: Any) -> Event:
    """The end of an answer."""
    return {"type": "finish", "messageMetadata": {"answered_by": "engine", "confidence": 0.9, **metadata}}


def product(number: int, title: str, price: int, **more: Any) -> dict[str, Any]:
    """A product of the stand-in shop; `price` in cents."""
    base = {
        "id": f"p{number}",
        "title": title,
        "url": f"/products/{number}",
        "image_url": None,
        "price": {"amount": price, "currency": "EUR"},
        "available": True,
        "variants": [],
        "fetched_at": datetime.now(UTC).isoformat(),
    }
    return base | more


def product_answer(base: str) -> list[Event]:
    sizes = [{"id": str(i), "title": size, "price": None, "available": True} for i, size in enumerate(("S", "M", "L"))]
    shown = [
        product(1, "Alder down jacket", 18900, image_url=f"{base}/pictures/moss", variants=sizes),
        product(
            2,
            "Birch rain shell with a hood",
            12900,
            compare_at_price={"amount": 15900, "currency": "EUR"},
            image_url=f"{base}/pictures/sky",
        ),
        product(3, "Cedar wool overshirt", 9900, available=False, image_url=f"{base}/pictures/clay"),
        product(4, "Drift fleece", 7450),
    ]
    text = ["Here are **four warm jackets** we have. ", "The *Alder* is the warmest; the *Birch* keeps rain out [1]."]
    return [
        {"type": "data-status", "data": {"text": "Looking through jackets"}, "transient": True},
        {"type": "data-status", "data": {"text": "Looking through jackets"}, "transient": True},
        *said(*text),
        {"type": "data-products", "data": {"products": shown}},
        {
            "type": "source-url",
            "sourceId": "s1",
            "url": "https://fern.example/guides/warmth",
            "title": "How warm is it?",
        },
        {"type": "data-suggestions", "data": {"suggestions": ["Which is the lightest?", "Do you have it in blue?"]}},
        finish(),
    ]


def one_product_answer() -> list[Event]:
    return [
        *said("Yes, the storm lantern is here and ready to go."),
        {"type": "data-products", "data": {"products": [product(9, "Storm lantern, brass", 4900)]}},
        finish(),
    ]


def policy_answer() -> list[Event]:
    text = [
        "Orders leave within **1 working day** [1]. ",
        "Then it takes:\n\n- Netherlands: 1 to 2 days\n- Rest of the EU: 3 to 5 days\n- Elsewhere: up to 10 days\n\n",
        "Shipping is free above €75 [2]. More in our [shipping policy](https://fern.example/policies/shipping).",
    ]
    now = datetime.now(UTC).isoformat()
    sources = [
        {
            "id": "s1",
            "kind": "document",
            "title": "Shipping policy",
            "url": "https://fern.example/policies/shipping",
            "fetched_at": now,
        },
        {"id": "s2", "kind": "document", "title": "Prices and free shipping", "url": None, "fetched_at": now},
    ]
    return [
        {"type": "data-status", "data": {"text": "Reading our policies"}, "transient": True},
        *said(*text),
        {
            "type": "source-url",
            "sourceId": "s1",
            "url": "https://fern.example/policies/shipping",
            "title": "Shipping policy",
        },
        {"type": "source-document", "sourceId": "s2", "mediaType": "text/plain", "title": "Prices and free shipping"},
        {"type": "data-suggestions", "data": {"suggestions": ["Can I return it?", "Talk to a person"]}},
        finish(sources=sources),
    ]


def order_answer(level: int) -> list[Event]:
    status = {"type": "data-status", "data": {"text": "Looking up order 1001"}, "transient": True}
    if level == 0:
        wanted = {"order_number": "1001", "methods": ["email", "postcode", "code"]}
        return [status, *said("I can look that up for you."), {"type": "data-verification", "data": wanted}, finish()]
    order: dict[str, Any] = {
        "number": "1001",
        "status": "partially_shipped",
        "status_text": "Partly shipped",
        "placed_on": "2026-11-16",
        "estimated_delivery": "2026-11-25",
    }
    if level >= 2:
        order |= order_details()
    return [
        status,
        *said("Your order is on its way: the first parcel left yesterday."),
        {"type": "data-order", "data": {"order": order}},
        finish(),
    ]


def order_details() -> dict[str, Any]:
    """What level 2 adds."""
    tracking = {"carrier": "PostNL", "number": "3SABCD1234567", "url": "https://postnl.example/t/3SABCD1234567"}
    first = {
        "status": "delivered",
        "status_text": "Delivered",
        "items": [{"title": "Storm lantern", "quantity": 1}],
        "delivered_on": "2026-11-19",
    }
    second = {
        "status": "out_for_delivery",
        "status_text": "On its way",
        "items": [{"title": "Alder down jacket", "quantity": 1}],
        "tracking": [tracking],
        "estimated_delivery": "2026-11-25",
    }
    return {
        "items": [
            {"title": "Alder down jacket", "variant": "Moss / M", "quantity": 1},
            {"title": "Storm lantern", "variant": None, "quantity": 2, "refunded_quantity": 1},
        ],
        "tracking": [tracking],
        "shipments": [first, second],
        "ship_to": {"city": "Amsterdam", "postcode_end": "AB"},
        "refunds": [{"refunded_on": "2026-11-20", "amount": {"amount": 4900, "currency": "EUR"}}],
    }


def hostile_answer() -> list[Event]:
    bad = product(66, "<b onclick=alert(1)>Bold</b>", 100, url="javascript:alert(1)", image_url="javascript:alert(1)")
    return [
        *said("\n\n".join(HOSTILE)),
        {"type": "data-products", "data": {"products": [bad]}},
        {"type": "data-order", "data": {"order": "not an order"}},
        {"type": "source-url", "sourceId": "x", "url": "javascript:alert(1)", "title": "<i>source</i>"},
        {"type": "data-suggestions", "data": {"suggestions": ["<img src=x onerror=alert(1)>"]}},
        finish(),
    ]


def table_answer() -> list[Event]:
    rows = ["| | Alder | Birch |", "|---|---|---|", "| Warmth | high | low |", "| Rain | no | **yes** |"]
    table = "\n".join([*rows, "| Weight | 420 g | 310 g |"])
    return [*said("### Side by side\n", table), finish()]


def fold(answer: dict[str, Any], event: Event) -> None:
    """Keeps the answer as the history will tell it."""
    kind, parts = event["type"], answer["parts"]
    if kind == "text-delta":
        parts[-1]["text"] += event["delta"]
    elif kind == "text-start":
        parts.append({"type": "text", "text": ""})
    elif re.match("data-|source-", kind) and not event.get("transient"):
        parts.append(event)
    elif kind == "finish":
        answer["metadata"] = event["messageMetadata"]


def picture(name: str) -> str:
    """A product picture good enough to look at: a soft backdrop with a jacket's outline."""
    hues = {"moss": ("#dfe8dc", "#4d6b4f"), "sky": ("#dde7f0", "#3f6288"), "clay": ("#f0e2d8", "#9a5b3c")}
    back, front = hues.get(name, ("#eee", "#888"))
    sleeves = "M140 90 L180 80 Q200 100 220 80 L260 90 L310 150 L280 180"
    shape = f"{sleeves} L262 160 L262 310 L138 310 L138 160 L120 180 L90 150 Z"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><rect width="400" height="400" fill="{back}"/>'
        f'<path d="{shape}" fill="{front}"/><path d="M200 92V310" stroke="{back}" stroke-width="4"/></svg>'
    )
