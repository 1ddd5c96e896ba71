"""What a shop needs before shoppers are answered well: what of it is done, and where the rest is done."""

from collections.abc import Sequence

from msgspec import Struct

from server.shops.models import ShopView


class SetupStep(Struct, frozen=True, kw_only=True):
    """One step. `fact` says what there is, or what is missing and why it matters."""

    name: str
    is_done: bool
    fact: str
    link: str
    is_optional: bool = False


def setup_steps(shop: ShopView, *, products: int, documents: int, answered_on: Sequence[str]) -> list[SetupStep]:
    """The steps in the order in which they are best done. `answered_on` are the listed sites on which a shopper has
    written already."""
    return [
        SetupStep(
            name="Settings",
            is_done=bool(shop.storefront_url),
            fact=f"{shop.currency}, {shop.locale}"
            if shop.storefront_url
            else f"Check currency ({shop.currency}) and language ({shop.locale}), and say where the shop is.",
            link="/console/settings",
        ),
        SetupStep(
            name="Products",
            is_done=products > 0,
            fact=_counted(products, "product", "Connect a store or upload a file, so that products can be shown."),
            link="/console/knowledge" if products else "/console/stores",
        ),
        SetupStep(
            name="Policies and help",
            is_done=documents > 0,
            fact=_counted(documents, "document", "Add returns, delivery and payment: shoppers ask about these first."),
            link="/console/knowledge/documents",
        ),
        SetupStep(
            name="Contact",
            is_done=bool(shop.contact),
            fact=", ".join(shop.contact.values()) or "Say where shoppers turn when the assistant cannot help.",
            link="/console/settings",
        ),
        SetupStep(
            name="Branding",
            is_done=bool(shop.appearance),
            fact="Set as you like it." if shop.appearance else "The chat has Aisle’s colours until you choose yours.",
            link="/console/branding",
            is_optional=True,
        ),
        SetupStep(
            name="Your sites",
            is_done=bool(shop.origins),
            fact=", ".join(shop.origins[:3]) or "List the sites that may show the chat; it is shown on no other.",
            link="#origins",
        ),
        SetupStep(
            name="On your page",
            is_done=bool(answered_on),
            fact=f"A shopper has written on {answered_on[0]}."
            if answered_on
            else "Paste the line into your theme, then check the page below.",
            link="#snippet-title",
        ),
    ]


def _counted(count: int, noun: str, missing: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}." if count else missing
