"""`aisle ask`: one turn in the terminal, through the same service as the widget's."""

from typing import Any

import click
import msgspec

from server.chat.turns.service import IncomingMessage
from server.commands.context import require_shop, services_for_command
from server.core.ids import new_id
from server.shops.identity import Shopper


async def ask_once(question: str, shop_id: str, as_json: bool) -> None:
    """Ask, print the answer as it comes, then its sources."""
    async with services_for_command() as services:
        shop = await require_shop(services, shop_id)
        profile = await services.shops.profile(shop)
        shopper = Shopper(shop_id=shop, conversation_id=new_id(), shopper_id=new_id(), locale=profile.locale)
        stream, _ = await services.turns.accept(shopper, IncomingMessage(str(new_id()), question))
        assert stream is not None
        events = []
        async for chunk in stream.read():
            for event in _events(chunk):
                events.append(event)
                if not as_json:
                    _show(event)
        await services.running_turns.drain(timeout_s=10)
        messages = (await services.conversations.history(shopper)).messages
    if as_json:
        answer = messages[-1]
        parts, metadata = msgspec.json.decode(answer.parts), msgspec.json.decode(answer.metadata)
        text = "\n\n".join(part["text"] for part in parts if part["type"] == "text")
        click.echo(msgspec.json.encode({"text": text, "parts": parts, "metadata": metadata}).decode())


def _events(chunk: bytes) -> list[dict[str, Any]]:
    frames = (frame.partition(b"data: ")[2] for frame in chunk.split(b"\n\n"))
    return [msgspec.json.decode(data) for data in frames if data.startswith(b"{")]


def _show(event: dict[str, Any]) -> None:
    match event["type"]:
        case "text-delta":
            click.echo(event["delta"], nl=False)
        case "text-end":
            click.echo("\n")
        case "data-products":
            for product in event["data"]["products"]:
                click.echo(f"  - {product['title']}  {_price(product.get('price'))}")
        case "data-order":
            order = event["data"]["order"]
            click.echo(f"  order {order['number']}: {order['status_text']}")
        case "source-url" | "source-document":
            click.echo(click.style(f"  source: {event['title']} {event.get('url', '')}", dim=True))
        case "error":
            click.echo(event["errorText"], err=True)


def _price(price: dict[str, Any] | None) -> str:
    from server.core.money import format_money

    return format_money(price["amount"], price["currency"]) if price else ""
