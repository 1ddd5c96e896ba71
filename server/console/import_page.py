"""The page before an import: what each column is used as, the first rows as they will be, and warnings."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from server.catalog.preview import FilePreview
from server.core.money import format_money

TARGET_WORDS = {
    "id": "Id",
    "title": "Title",
    "description": "Description",
    "bullets": "Description, more of it",
    "price": "Price",
    "price/100": "Price in cents",
    "sale_price": "Reduced price",
    "compare_at_price": "Price before a reduction",
    "currency": "Currency",
    "brand": "Brand",
    "category": "Category",
    "url": "Address of its page",
    "image_url": "Address of its picture",
    "available": "Can be bought",
    "stock": "In stock",
    "sku": "SKU",
    "identifiers": "Part numbers",
    "group": "Groups variants",
    "variants": "Variants",
    "updated_at": "Changed at",
    "status": "Published",
}
"""What a column may be used as, by the targets of the mapping."""
LACK_WORDS = {
    "price": "no price",
    "description": "no description: nothing to answer questions from",
    "image_url": "no picture",
    "url": "no address of a page: cards will not link to your shop",
}
WARN_FROM = {"price": 0.0, "description": 0.2, "image_url": 0.5, "url": 0.2}
"""The share of products without a field from which it is worth a warning."""


class PreviewRow(Struct, frozen=True, kw_only=True):
    """A product as it would be."""

    id: str
    title: str
    price: str
    brand: str
    facts: str
    """What else there is: variants, attributes, whether it can be bought."""


def mapping_of(form: Mapping[str, str], columns: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """The mapping that the form's fields ask for, by target, and what is wrong with it. `columns` are their names by
    the number of their field."""
    mapping: dict[str, str] = {}
    for number, name in columns.items():
        target, _, scale = form.get(f"column.{number}", "").partition("/")
        if not target or f"{target}/{scale}".rstrip("/") not in TARGET_WORDS:
            continue
        if target in mapping:
            first = mapping[target].removesuffix("/100")
            return mapping, f"{first} and {name} cannot both be used as {TARGET_WORDS[target].lower()}."
        mapping[target] = f"{name}/{scale}" if scale else name
    return mapping, ""


def problem_of(preview: FilePreview) -> str:
    """Why nothing can be imported as the columns are used now; empty where something can."""
    if not preview.problem:
        return ""
    used = {column.target for column in preview.columns}
    missing = [name for name in ("id", "title") if name not in used]
    if preview.takes_mapping and missing:
        return f"No column was recognised as the {' or the '.join(missing)}. Choose it below and look again."
    return f"{preview.problem}."


def warnings_of(preview: FilePreview, currency: str) -> list[str]:
    """What to know before anything is written, the gravest first."""
    return list(_warnings(preview, currency))


def rows_of(preview: FilePreview) -> list[PreviewRow]:
    """The first products."""
    rows = []
    for product in preview.products:
        variants, attributes = len(product.variants), len(product.attributes)
        facts = [
            "" if product.available else "sold out",
            f"{variants} variants" if variants > 1 else "",
            f"{attributes} attribute{'' if attributes == 1 else 's'}" if attributes else "",
        ]
        rows.append(
            PreviewRow(
                id=product.external_id,
                title=product.title,
                price=format_money(product.price.amount, product.price.currency) if product.price else "",
                brand=product.brand or "",
                facts=", ".join(fact for fact in facts if fact),
            )
        )
    return rows


def _warnings(preview: FilePreview, currency: str) -> Iterator[str]:
    products, counts = preview.counts.get("products", 0), preview.counts
    if wrong := counts.get("wrong"):
        yield f"{wrong:,} of {preview.rows:,} rows cannot be read and are left out; they are named below."
    for name, words in LACK_WORDS.items():
        lack = preview.lacks.get(name, 0)
        if lack and lack > WARN_FROM[name] * products:
            yield f"{lack:,} of {products:,} products have {words}."
    if preview.currencies and not preview.names_currency:
        yield f"The file names no currency, so its prices are taken as {currency}, the currency of Settings."
    elif others := [each for each in preview.currencies if each != currency]:
        yield f"Prices are in {', '.join(sorted(others))}, and the currency of Settings is {currency}."
    if replaced := counts.get("replaced"):
        yield f"{replaced:,} rows have the id of a later row, which takes their place."
    if skipped := counts.get("skipped"):
        yield f"{skipped:,} rows are not published and are left out."
    if products and counts.get("sold_out") == products:
        yield "No product can be bought now, as the file says."
    if private := [column.name for column in preview.columns if column.target == "private"]:
        yield f"Not read, because shoppers must not see it: {', '.join(private)}."
