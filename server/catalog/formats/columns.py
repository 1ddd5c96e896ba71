"""The meaning of columns, by the names that merchants, platforms and feeds use, in several languages."""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from .money import UnreadablePrice, currency_code

# Ordered: of several columns of one meaning in a row, the first that is filled counts.
_SYNONYMS: dict[str, str] = {
    "id": "id|product id|productid|external id|item id|article id|offer id|produkt id|id product|asin|uid|sku|handle"
    "|url handle|product handle|slug|product sku|item sku|sku id|article number|item number|product number|product code"
    "|item code|artikelnummer|artikel nr|art nr|referencia|référence|codice|varenummer|stock keeping unit",
    "title": "title|product title|product name|productname|item name|name|item title|produktname|produkt name|titel"
    "|artikelname|artikelbezeichnung|bezeichnung|titre|nom|nom du produit|título|titulo|nombre|nombre del producto"
    "|titolo|nome|naam|productnaam|nazwa|product",
    "description": "description|body html|body|product description|long description|full description|item description"
    "|details|content|beschreibung|produktbeschreibung|descripción|descripcion|descrizione|omschrijving"
    "|short description|summary|kurzbeschreibung|description courte|about",
    "bullets": "bullets|bullet points|bullet point|product highlight|highlights|features|key features|feature bullets",
    "brand": "brand|brand name|brands|vendor|manufacturer|manufacturer name|maker|marke|hersteller|marque|fabricant"
    "|marca|fabricante|merk",
    "category": "category|categories|category path|product category|product categories|product type|categorie|kategorie"
    "|kategorien|catégorie|catégories|categoría|categorías|categoria|google product category|breadcrumbs|department"
    "|collection|collections|product group",
    "url": "url|link|product url|product link|product page|permalink|page url|canonical url|web url|deeplink|lien"
    "|produkt url|produktlink|enlace",
    "image_url": "image url|image link|image|images|image src|main image|main image url|product image|product image url"
    "|picture|picture url|photo|img|img url|image urls|primary image|thumbnail|thumbnail url|featured image|bild"
    "|bild url|bilder|imagen|immagine|afbeelding|featuredimage",
    "price": "price|current price|selling price|unit price|product price|item price|price incl tax|price amount"
    "|retail price|our price|preis|verkaufspreis|bruttopreis|prix|prix ttc|precio|precio de venta|prezzo|prijs"
    "|preço|preco|cena|variant price|regular price|list price|price cents|price minor|price in cents|price pence"
    "|unit amount|amount cents|price amount minor",
    "sale_price": "sale price|special price|discount price|discounted price|offer price|promo price|angebotspreis"
    "|sonderpreis|prix promo|prix soldé|precio oferta|prezzo scontato",
    "compare_at_price": "compare at price|compareatprice|variant compare at price|original price|was price|old price"
    "|list price|msrp|rrp|uvp|strike price|price before discount|regular price|streichpreis|compare at price cents"
    "|compare at price minor|original price cents|list price cents",
    "currency": "currency|currency code|price currency|currencycode|iso currency|währung|waehrung|devise|moneda|valuta",
    "available": "availability|available|in stock|instock|is in stock|is available|stock status|stock availability"
    "|verfügbarkeit|verfügbar|auf lager|lieferbar|disponibilité|disponible|disponibilidad|disponibilità|beschikbaar",
    "stock": "stock|stock quantity|quantity|qty|inventory|inventory quantity|stock level|stock count|quantity in stock"
    "|available quantity|on hand|units in stock|bestand|lagerbestand|menge|stock disponible|cantidad|quantité"
    "|variant inventory qty|giacenza|voorraad",
    "sku": "sku|product sku|item sku|variant sku|stock keeping unit|article number|item number|artikelnummer|art nr"
    "|product code|item code|product number",
    "identifiers": "ean|ean13|ean 13|ean code|eans|gtin|gtins|gtin8|gtin12|gtin13|gtin14|gtin 13|upc|upcs|upc code|isbn"
    "|isbn10|isbn13|isbn 10|isbn 13|barcode|barcodes|variant barcode|mpn|mpns|oem|oem code|oem number|oem part number"
    "|part number|part numbers|part no|partnumber|manufacturer part number|manufacturer number|manufacturer code"
    "|model number|model no|model code|model|model name|herstellernummer|herstellerartikelnummer|teilenummer"
    "|gtin upc ean or isbn|gtin upc ean oder isbn|identifiers|item model number|hersteller nr|global trade item number",
    "variants": "variants|variations",
    "attributes": "attributes|specs|specifications|specification|properties|technical details|product attributes"
    "|custom attributes|metafields|params|characteristics",
    "group": "item group id|itemgroupid",
    "sale_dates": "sale price effective date",
    "updated_at": "updated at|updatedat|last modified|last updated|modified at|date modified|lastmod",
    "status": "status|product status|published|is published|publish status|is active",
}  # fmt: skip

_PRIVATE = frozenset(
    [
        "cost",
        "cost per item",
        "cost price",
        "cost of goods sold",
        "unit cost",
        "purchase price",
        "buying price",
        "wholesale price",
        "margin",
        "supplier",
        "supplier price",
        "supplier sku",
        "einkaufspreis",
        "ek preis",
        "prix d achat",
        "precio de costo",
        "internal notes",
        "internal note",
        "private note",
        "private notes",
        "variant cost",
        "profit",
        "item cost",
    ]
)
"""Columns that shoppers must not see: never read, not even as attributes."""


class Column(Struct, frozen=True):
    """A source column. `currency` and `is_minor` are taken from its name and describe the price in it."""

    name: str
    currency: str | None = None
    is_minor: bool = False


class Layout(Struct, frozen=True):
    """The columns of a row by meaning, best first; those of no known meaning are absent."""

    by_target: dict[str, tuple[Column, ...]]
    private: frozenset[str]


def normalise(name: str) -> str:
    """Normalise a column name: "ProductName", "product_name" and "g:Product-Name " are all "product name"."""
    spaced = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", name.strip().removeprefix("g:"))
    return " ".join(re.sub(r"[\W_]+", " ", spaced).lower().split())


@lru_cache(maxsize=4096)
def resolve(names: tuple[str, ...]) -> Layout:
    """Find the meaning of each column name."""
    normal = {name: normalise(name) for name in names}
    targets: dict[str, list[tuple[int, Column]]] = {}
    for name, plain in normal.items():
        for target, rank, column in _meanings(name, plain):
            targets.setdefault(target, []).append((rank, column))
    by_target = {
        target: tuple(column for _, column in sorted(found, key=lambda pair: pair[0]))
        for target, found in targets.items()
    }
    return Layout(by_target, frozenset(name for name, plain in normal.items() if plain in _PRIVATE))


@lru_cache(maxsize=1)
def _ranks() -> dict[str, list[tuple[str, int]]]:
    """Normalised synonym to (target, rank) pairs."""
    ranks: dict[str, list[tuple[str, int]]] = {}
    for target, names in _SYNONYMS.items():
        for rank, name in enumerate(names.split("|")):
            ranks.setdefault(name, []).append((target, rank))
    return ranks


def _meanings(name: str, plain: str) -> Iterable[tuple[str, int, Column]]:
    is_minor = is_minor_name(plain)
    if plain in _ranks():
        return [(target, rank, Column(name, is_minor=is_minor)) for target, rank in _ranks()[plain]]
    words = plain.split()
    if len(words) > 1 and (currency := _currency_in(words)):
        rest = " ".join(word for word in words if word != currency.lower())
        for target in ("price", "sale_price", "compare_at_price"):
            if rest in _SYNONYMS[target].split("|"):
                return [(target, 50, Column(name, currency=currency, is_minor=is_minor))]
    return []


@lru_cache(maxsize=4096)
def is_identifier(name: str) -> bool:
    """Whether a column or attribute of this name holds part numbers: "EAN", "oem code"."""
    return any(target == "identifiers" for target, _ in _ranks().get(normalise(name), ()))


def _currency_in(words: list[str]) -> str | None:
    for word in (words[0], words[-1]):
        try:
            return currency_code(word)
        except UnreadablePrice:
            continue
    return None


def is_minor_name(name: str) -> bool:
    """Whether a column of this name holds cents: "price_cents", "price_in_minor_units", "unit_amount"."""
    words = normalise(name).split()
    return any(word in ("cents", "minor", "pence") for word in words) or ("unit", "amount") in set(pairwise(words))
