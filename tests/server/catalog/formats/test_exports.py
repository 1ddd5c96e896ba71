"""Exports of shops as they are: each kind by its right values, and by files that a generator makes of the same kind."""

import csv
import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.platform import Money
from server.catalog.formats import BadRow, SkippedRow
from server.catalog.formats.sale_periods import is_now_between
from server.catalog.formats.vocabulary import headings

Read = Callable[..., Any]
STORE = "https://shop.example"


def table(header: list[str], *rows: dict[str, object], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, header, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def prices(reading: Any) -> dict[str, tuple[int | None, int | None]]:
    return {
        key: (product.price and product.price.amount, product.compare_at_price and product.compare_at_price.amount)
        for key, product in reading.products.items()
    }


def skipped(reading: Any) -> set[str | None]:
    return {row.external_id for row in reading.rows if isinstance(row, SkippedRow)}


WOO_HEADER = [
    "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Is featured?", "Visibility in catalog",
    "Short description", "Description", "Date sale price starts", "Date sale price ends", "Tax status", "Tax class",
    "In stock?", "Stock", "Low stock amount", "Backorders allowed?", "Sold individually?", "Weight (kg)",
    "Length (cm)", "Width (cm)", "Height (cm)", "Allow customer reviews?", "Purchase note", "Sale price",
    "Regular price", "Categories", "Tags", "Shipping class", "Images", "Download limit", "Download expiry days",
    "Parent", "Grouped products", "Upsells", "Cross-sells", "External URL", "Button text", "Position",
    "Attribute 1 name", "Attribute 1 value(s)", "Attribute 1 visible", "Attribute 1 global", "Meta: _wc_cog_cost",
]  # fmt: skip
WOO_ROWS: list[dict[str, object]] = [
    {"ID": 11, "Type": "simple", "SKU": "CUP", "Name": "Cup", "Published": 1, "Visibility in catalog": "visible",
     "In stock?": 1, "Stock": 12, "Regular price": "14,90", "Categories": "Kitchen > Cups", "Meta: _wc_cog_cost": "3"},
    {"ID": 12, "Type": "simple", "SKU": "SECRET", "Name": "Not announced", "Published": -1, "Regular price": "99"},
    {"ID": 13, "Type": "simple", "Name": "Hidden", "Published": 1, "Visibility in catalog": "hidden",
     "Regular price": "9"},
    {"ID": 20, "Type": "variable", "SKU": "SHIRT", "Name": "Shirt", "Published": 1, "Visibility in catalog": "visible",
     "In stock?": 1, "Attribute 1 name": "Size", "Attribute 1 value(s)": "S, M"},
    {"ID": 21, "Type": "variation", "SKU": "SHIRT-S", "Name": "Shirt - S", "Published": 1, "In stock?": 1, "Stock": 3,
     "Sale price": "49", "Regular price": "59", "Parent": "SHIRT", "Attribute 1 name": "Size",
     "Attribute 1 value(s)": "S"},
    {"ID": 22, "Type": "variation", "SKU": "SHIRT-M", "Name": "Shirt - M", "Published": 1, "In stock?": 0, "Stock": 0,
     "Regular price": "59", "Parent": "id:20", "Attribute 1 name": "Size", "Attribute 1 value(s)": "M"},
]  # fmt: skip


def woo_in(language: str) -> dict[str, str]:
    """Each English heading in a language of the admin, as its export has it."""
    known: dict[str, str] = {}
    from pathlib import Path

    from server.catalog.formats import vocabulary

    path = Path(vocabulary.__file__).parent / "words" / "woocommerce_headings.tsv"
    for line in path.read_text("utf-8").splitlines():
        if line.startswith(f"{language}\t"):
            _, english, name = line.split("\t")
            known.setdefault(english, name)
    found = {}
    for english in WOO_HEADER:
        unit = english.partition("(")[2].rstrip(")") if english.endswith(("(kg)", "(cm)")) else ""
        pattern = english.replace(f"({unit})", "(%s)") if unit else english.replace("Attribute 1", "Attribute %d")
        found[english] = known.get(pattern, english).replace("%s", unit or "%s").replace("%d", "1")
    return found


def woo_file(names: dict[str, str], columns: list[str] | None = None) -> str:
    header = columns or WOO_HEADER
    return table(
        [names[name] for name in header],
        *({names[name]: value for name, value in row.items() if name in header} for row in WOO_ROWS),
    )


def check_woo(reading: Any) -> None:
    assert prices(reading) == {"11": (1490, None), "20": (4900, 5900)}
    assert skipped(reading) == {"12", "13"}
    small, medium = reading.products["20"].variants
    assert (small.options, small.available, small.stock) == ({"Size": "S"}, True, 3)
    assert (medium.options, medium.available, medium.price) == ({"Size": "M"}, False, Money(5900, "EUR"))
    assert reading.products["11"].category == ("Kitchen", "Cups")
    assert "3" not in str(reading.products["11"].attributes)


@pytest.mark.parametrize("language", sorted(headings("woocommerce")))
def test_woocommerce_of_every_known_admin_language(read: Read, language: str) -> None:
    check_woo(read(woo_file(woo_in(language)), currency="EUR"))


def test_at_least_fifteen_languages_are_known() -> None:
    assert len(headings("woocommerce")) >= 15


@pytest.mark.parametrize("language", ["de_DE", "fr_FR", "ja", "ru_RU", "pl_PL"])
def test_woocommerce_with_a_choice_of_columns(read: Read, language: str) -> None:
    columns = [
        "ID", "Type", "SKU", "Name", "Published", "Visibility in catalog", "In stock?", "Stock", "Sale price",
        "Regular price", "Categories", "Parent", "Attribute 1 name", "Attribute 1 value(s)",
    ]  # fmt: skip
    check_woo(read(woo_file(woo_in(language), columns), currency="EUR"))


@pytest.mark.parametrize("has_code", [True, False])
def test_woocommerce_in_a_language_without_translation(read: Read, has_code: bool) -> None:
    columns = [name for name in WOO_HEADER if has_code or not name.startswith("GTIN")]
    names = {name: name if name.startswith("GTIN") else f"kolomoj {at}" for at, name in enumerate(columns)}
    names |= {name: f"{'abcd'[at % 4]} atributo 1" for at, name in enumerate(columns) if name.startswith("Attribute 1")}
    check_woo(read(woo_file(names, columns), currency="EUR"))


def day(offset: int, zone: Any = UTC) -> str:
    return (datetime.now(zone) + timedelta(days=offset)).date().isoformat()


@pytest.mark.parametrize(
    ("starts", "ends", "is_on"),
    [
        (-29, 0, True),
        (-29, -1, False),
        (0, 0, True),
        (1, 3, False),
        (None, 0, True),
        (-1, None, True),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin", "Asia/Kolkata"])
def test_the_last_day_of_a_sale_is_part_of_it(
    read: Read, starts: int | None, ends: int | None, is_on: bool, zone: str
) -> None:
    place = ZoneInfo(zone)
    row = {
        "ID": 1, "Type": "simple", "Name": "Lamp", "Published": 1, "Regular price": "50.00", "Sale price": "35.00",
        "Date sale price starts": "" if starts is None else day(starts, place),
        "Date sale price ends": "" if ends is None else day(ends, place),
    }  # fmt: skip
    reading = read(table(WOO_HEADER, row), currency="EUR", zone=place)
    assert prices(reading) == {"1": (3500, 5000) if is_on else (5000, None)}
    feed = table(
        ["id", "title", "price", "sale_price", "sale_price_effective_date"],
        {"id": 1, "title": "Lamp", "price": 50, "sale_price": 35,
         "sale_price_effective_date": f"{row['Date sale price starts']}/{row['Date sale price ends']}"},
    )  # fmt: skip
    assert prices(read(feed, currency="EUR", zone=place)) == {"1": (3500, 5000) if is_on else (5000, None)}


def test_periods_as_files_write_them() -> None:
    today = datetime.now(UTC)
    for text in (f"{today:%d.%m.%Y}", f"{today:%Y/%m/%d}", f"{today:%Y-%m-%d}", f"{today:%Y-%m-%d} 23:59:59"):
        assert is_now_between("", text), text
    yesterday = today - timedelta(days=1)
    assert not is_now_between("", f"{yesterday:%d.%m.%Y}")
    assert is_now_between("", f"{today:%m/%d/%y}", month_first=True)
    assert is_now_between("", str(int((today + timedelta(hours=1)).timestamp())))
    assert is_now_between("0000-00-00", "0000-00-00 00:00:00")
    assert not is_now_between("", "next week")  # a price is not told that may have ended
    assert not is_now_between("", "03/04/2099")  # April or March


MAGENTO = [
    "sku", "store_view_code", "attribute_set_code", "product_type", "categories", "product_websites", "name",
    "description", "short_description", "product_online", "visibility", "price", "special_price",
    "special_price_from_date", "special_price_to_date", "url_key", "base_image", "additional_attributes", "qty",
    "is_in_stock", "configurable_variations", "configurable_variation_labels",
]  # fmt: skip


def magento_rows() -> list[dict[str, object]]:
    today, before = datetime.now(UTC), datetime.now(UTC) - timedelta(days=9)
    shown = {"product_online": 1, "visibility": "Catalog, Search", "product_type": "simple"}
    child = {"product_online": 1, "visibility": "Not Visible Individually", "product_type": "simple"}
    return [
        {"sku": "BAG-S", "name": "Bag S", "price": "40.0000", "qty": "3.0000", "is_in_stock": 1,
         "additional_attributes": "color=Olive,size=S", **child},
        {"sku": "BAG-L", "name": "Bag L", "price": "45.0000", "qty": "0.0000", "is_in_stock": 0, **child},
        {"sku": "BAG-X", "name": "Bag X", "price": "45.0000", "qty": "9", "is_in_stock": 1, **child,
         "product_online": 2},
        {"sku": "BAG", "product_type": "configurable", "categories": "Default/Gear,Default/Gear/Bags", "name": "Bag",
         "product_online": 1, "visibility": "Catalog, Search", "url_key": "canvas-bag", "is_in_stock": 1,
         "additional_attributes": "color=Olive,material=wax, cotton,supplier_code=Q9,manufacturer=Alder",
         "configurable_variations": "sku=BAG-S,size=S|sku=BAG-L,size=L|sku=BAG-X,size=X",
         "configurable_variation_labels": "size=Size", "base_image": "/b/a/bag.jpg"},
        {"sku": "MUG", "name": "Mug", "price": "12.0000", "special_price": "9.0000", "qty": 9, "is_in_stock": 1,
         "special_price_from_date": f"{before:%-m/%-d/%y}", "special_price_to_date": f"{today:%-m/%-d/%y}", **shown},
        {"sku": "MUG", "store_view_code": "de", "name": "Becher"},
        {"sku": "CUP", "name": "Cup", "price": "12.0000", "special_price": "9.0000", "is_in_stock": 1, **shown,
         "special_price_to_date": f"{before:%-m/%-d/%y}"},
        {"sku": "OLD", "name": "Stove", "price": "99", **shown, "product_online": 2},
        {"sku": "LONE", "name": "Lone", "price": "5", **child},
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_magento_in_any_order_of_rows(read: Read, seed: int) -> None:
    rows = magento_rows()
    random.Random(seed).shuffle(rows)
    reading = read(table(MAGENTO, *rows), currency="EUR", storefront_url=STORE)
    assert prices(reading) == {"BAG": (4000, None), "MUG": (900, 1200), "CUP": (1200, None)}
    assert skipped(reading) == {"OLD", "LONE"}
    bag = reading.products["BAG"]
    assert [(v.id, v.options, v.available, v.stock) for v in bag.variants] == [
        ("BAG-S", {"Size": "S"}, True, 3),
        ("BAG-L", {"Size": "L"}, False, 0),
    ]
    assert (bag.category, bag.brand) == (("Gear", "Bags"), "Alder")
    assert bag.url == f"{STORE}/canvas-bag.html"
    assert bag.image_url == f"{STORE}/media/catalog/product/b/a/bag.jpg"
    assert bag.attributes == {"color": "Olive", "material": "wax, cotton"}
    assert reading.products["MUG"].title == "Mug"


BIG_LEGACY = [
    "Item Type", "Product ID", "Product Name", "Product Code/SKU", "Brand Name", "Product Description", "Price",
    "Cost Price", "Retail Price", "Sale Price", "Allow Purchases?", "Product Visible?", "Track Inventory",
    "Current Stock Level", "Category", "Product URL", "Product Image URL - 1",
]  # fmt: skip
BIG_PRESENT = [
    "Item", "ID", "Name", "SKU", "Options", "Inventory Tracking", "Current Stock", "Price", "Cost Price",
    "Retail Price", "Sale Price", "Categories", "Description", "Product URL", "Is Visible", "Image URL (Import)",
]  # fmt: skip


def test_bigcommerce_legacy(read: Read) -> None:
    text = table(
        BIG_LEGACY,
        {"Item Type": "Product", "Product ID": 55, "Product Name": "Tee", "Product Code/SKU": "TEE", "Price": "20.00",
         "Cost Price": "7", "Retail Price": "25.00", "Product Visible?": "Y", "Track Inventory": "by option",
         "Category": "Home/Tees;Home", "Product URL": "/tee/"},
        {"Item Type": "  SKU", "Product Name": "[S]Size=S,[RB]Colour=Black", "Product Code/SKU": "TEE-S",
         "Current Stock Level": 5},
        {"Item Type": "  SKU", "Product Name": "[S]Size=M,[CS]Colour=Red:#ff0000", "Product Code/SKU": "TEE-M",
         "Current Stock Level": 0},
        {"Item Type": "  Rule", "Product Code/SKU": "TEE-M", "Price": "[ADD]3"},
        {"Item Type": "Product", "Product ID": 56, "Product Name": "Secret", "Price": "9", "Product Visible?": "N"},
        {"Item Type": "Product", "Product ID": 57, "Product Name": "Cap", "Price": "9", "Sale Price": "8.00",
         "Product Visible?": "Y", "Track Inventory": "none", "Current Stock Level": 0},
    )  # fmt: skip
    reading = read(text, currency="EUR", storefront_url=STORE)
    assert prices(reading) == {"55": (2000, 2500), "57": (800, 900)}
    assert skipped(reading) == {"56"}
    tee = reading.products["55"]
    assert [(v.id, v.options, v.price and v.price.amount, v.available) for v in tee.variants] == [
        ("TEE-S", {"Size": "S", "Colour": "Black"}, 2000, True),
        ("TEE-M", {"Size": "M", "Colour": "Red"}, 2300, False),
    ]
    assert (tee.url, tee.category) == (f"{STORE}/tee/", ("Home", "Tees"))
    assert reading.products["57"].available


@pytest.mark.parametrize("seed", range(5))
def test_bigcommerce_present(read: Read, seed: int) -> None:
    chance = random.Random(seed)
    rows: list[dict[str, object]] = []
    expected: dict[str, list[tuple[str, int, bool]]] = {}
    for number in range(1, 7):
        visible = chance.random() < 0.7
        rows.append(
            {"Item": "Product", "ID": number, "Name": f"Thing {number}", "Price": "10.00", "Is Visible": visible,
             "Inventory Tracking": "variant", "Cost Price": "1"}
        )  # fmt: skip
        variants = []
        for size in "SML"[: chance.randint(1, 3)]:
            stock, price = chance.randint(0, 2), chance.choice(["", "12.50"])
            rows.append(
                {"Item": "Variant", "ID": number, "SKU": f"{number}-{size}", "Current Stock": stock, "Price": price,
                 "Options": f"Type=Dropdown|Name=Size|Value={size}"}
            )  # fmt: skip
            variants.append((size, 1250 if price else 1000, stock > 0))
        rows.append({"Item": "Image", "ID": number, "Image URL (Import)": f"https://cdn.example/{number}.jpg"})
        if visible:
            expected[str(number)] = variants
    reading = read(table(BIG_PRESENT, *rows), currency="EUR")
    assert {
        key: [(v.options["Size"], v.price.amount, v.available) for v in product.variants]
        for key, product in reading.products.items()
    } == expected
    assert all(product.image_url == f"https://cdn.example/{key}.jpg" for key, product in reading.products.items())


PRESTASHOP = {
    "en": "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;Price tax included;Wholesale price;"
    "Discount percent;Discount from (yyyy-mm-dd);Discount to (yyyy-mm-dd);Reference #;Supplier;Brand;EAN13;Quantity;"
    "Summary;Image URLs (x,y,z...)",
    "fr": "ID;Actif (0/1);Nom *;Catégories (x,y,z...);Prix HT;Prix TTC;Prix d'achat;Pourcentage de réduction;"
    "Réduction du (aaaa-mm-jj);Réduction au (aaaa-mm-jj);Référence n°;Fournisseur;Marque;EAN13;Quantité;Résumé;"
    "URL des images (x,y,z...)",
    "de": "ID;Aktiv (0/1);Name *;Kategorien (x,y,z...);Preis zzgl. MwSt.;Preis inkl. MwSt.;Einkaufspreis;"
    "Rabatt Prozent;Rabatt ab (jjjj-mm-tt);Rabatt bis (jjjj-mm-tt);Artikel-Nr.;Lieferant;Marke;EAN13;Menge;"
    "Zusammenfassung;Bild-URLs (x,y,z...)",
    "es": "ID;Activo (0/1);Nombre *;Categorías (x,y,z...);Precio sin IVA;Precio con IVA;Precio de coste;"
    "Porcentaje de descuento;Descuento desde (aaaa-mm-dd);Descuento hasta (aaaa-mm-dd);Referencia nº;Proveedor;Marca;"
    "EAN13;Cantidad;Resumen;URL de las imágenes (x,y,z...)",
    "it": "ID;Attivo (0/1);Nome *;Categorie (x,y,z...);Prezzo IVA esclusa;Prezzo IVA inclusa;Prezzo di acquisto;"
    "Percentuale sconto;Sconto da (aaaa-mm-gg);Sconto a (aaaa-mm-gg);Riferimento #;Fornitore;Marchio;EAN13;Quantità;"
    "Riepilogo;URL immagini (x,y,z...)",
    "nl": "ID;Actief (0/1);Naam *;Categorieën (x,y,z...);Prijs excl. btw;Prijs incl. btw;Inkoopprijs;"
    "Kortingspercentage;Korting van (jjjj-mm-dd);Korting tot (jjjj-mm-dd);Referentie #;Leverancier;Merk;EAN13;Aantal;"
    "Samenvatting;Afbeelding-URL's (x,y,z...)",
}


@pytest.mark.parametrize("language", sorted(PRESTASHOP))
def test_prestashop_in_languages_of_its_admin(read: Read, language: str) -> None:
    rows = [
        "5;1;Carnet A5;Papeterie,Carnets;10.000000;12.00;4.10;;;;CAR-A5;Grossiste SA;Encre;3760000000017;8;Pages;"
        "https://shop.example/a.jpg,https://shop.example/b.jpg",
        "6;0;Ancien carnet;;5.000000;6.00;;;;;OLD;;;;8;;",
        f"7;1;Stylo;;5.000000;6.00;;25;{day(-5)};{day(0)};PEN;;;;0;;",
        f"8;1;Gomme;;5.000000;6.00;;25;{day(-5)};{day(-1)};RUB;;;;3;;",
    ]
    reading = read("\n".join([PRESTASHOP[language], *rows]) + "\n", currency="EUR")
    assert prices(reading) == {"5": (1200, None), "7": (450, 600), "8": (600, None)}
    assert skipped(reading) == {"6"}
    book = reading.products["5"]
    assert (book.category, book.brand) == (("Papeterie", "Carnets"), "Encre")
    assert (book.image_url, book.identifiers) == ("https://shop.example/a.jpg", ("CAR-A5", "3760000000017"))
    assert not reading.products["7"].available
    assert "Grossiste" not in str(book)


@pytest.mark.parametrize("language", ["en-gb", "de-de", "fr", "es-es", "ru-ru"])
def test_opencart(read: Read, language: str) -> None:
    header = [
        "product_id", f"name({language})", "categories", "sku", "ean", "quantity", "model", "manufacturer",
        "image_name", "price", "status", f"description({language})", "stock_status_id", "subtract", "minimum",
    ]  # fmt: skip
    text = table(
        header,
        {"product_id": 30, header[1]: "Camera", "categories": "20,24", "model": "EOS", "price": "100.0000",
         "quantity": 3, "status": "true", "manufacturer": "Alder", "image_name": "catalog/cam.jpg", "subtract": "true"},
        {"product_id": 31, header[1]: "Lens", "model": "L-1", "price": "9.5", "quantity": 0, "status": "1",
         "subtract": "true"},
        {"product_id": 32, header[1]: "Draft", "model": "D", "price": "1", "quantity": 0, "status": "false"},
    )  # fmt: skip
    reading = read(text, currency="EUR", storefront_url=STORE)
    assert prices(reading) == {"30": (10000, None), "31": (950, None)}
    assert skipped(reading) == {"32"}
    camera = reading.products["30"]
    assert camera.url == f"{STORE}/index.php?route=product/product&product_id=30"
    assert camera.image_url == f"{STORE}/image/catalog/cam.jpg"
    assert (camera.category, camera.available, reading.products["31"].available) == ((), True, False)


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


@pytest.mark.parametrize("seed", range(6))
def test_shopify_bulk_lines_in_any_order(read: Read, seed: int) -> None:
    """Since 2026-01 children need not follow their parent."""
    lines: list[dict[str, object]] = [
        {"id": gid("Product", 1), "title": "Rope", "handle": "rope", "status": "ACTIVE"},
        {"id": gid("ProductVariant", 11), "title": "Blue", "price": "49.00", "inventoryQuantity": 3,
         "__parentId": gid("Product", 1)},
        {"id": gid("ProductVariant", 12), "title": "Red", "price": {"amount": "52.00", "currencyCode": "EUR"},
         "inventoryQuantity": 0, "__parentId": gid("Product", 1)},
        {"id": gid("Metafield", 5), "value": "cheap", "__parentId": gid("ProductVariant", 11)},
        {"id": gid("MediaImage", 6), "image": {"url": "https://cdn.example/r.jpg"}, "__parentId": gid("Product", 1)},
        {"id": gid("Product", 2), "title": "Draft rope", "handle": "draft", "status": "DRAFT"},
        {"id": gid("ProductVariant", 21), "title": "Default Title", "price": "1.00", "__parentId": gid("Product", 2)},
        {"id": gid("Product", 3), "title": "Knot", "handle": "knot", "status": "ACTIVE", "onlineStoreUrl": None},
        {"id": gid("Product", 4), "title": "Hook", "handle": "hook", "status": "ACTIVE"},
        {"id": gid("ProductVariant", 41), "title": "Default Title", "price": "7.00", "compareAtPrice": "9.00",
         "sku": "HK", "inventoryItem": {"tracked": False, "unitCost": {"amount": "2"}}, "inventoryQuantity": 0,
         "__parentId": gid("Product", 4)},
    ]  # fmt: skip
    random.Random(seed).shuffle(lines)
    reading = read("".join(json.dumps(line) + "\n" for line in lines), currency="EUR", storefront_url=STORE)
    assert prices(reading) == {gid("Product", 1): (4900, None), gid("Product", 4): (700, 900)}
    assert skipped(reading) == {gid("Product", 2), gid("Product", 3)}
    rope, hook = reading.products[gid("Product", 1)], reading.products[gid("Product", 4)]
    assert {v.title: (v.price.amount, v.available) for v in rope.variants} == {
        "Blue": (4900, True),
        "Red": (5200, False),
    }
    assert (rope.url, rope.image_url) == (f"{STORE}/products/rope", "https://cdn.example/r.jpg")
    assert (hook.variants, hook.available, hook.identifiers) == ((), True, ("HK",))
    assert "cheap" not in str(reading.products)


def test_shopify_rest_dump(read: Read) -> None:
    product = {
        "id": 7, "title": "Tee", "body_html": "<p>Soft</p>", "vendor": "Alder", "product_type": "Shirts",
        "handle": "tee", "status": "active", "published_at": "2026-01-01T00:00:00+01:00",
        "options": [{"name": "Size"}], "images": [{"src": "https://cdn.example/t.jpg"}],
        "variants": [
            {"id": 71, "title": "S", "price": "10.00", "option1": "S", "inventory_management": "shopify",
             "inventory_quantity": 0, "inventory_policy": "deny", "sku": "T-S"},
            {"id": 72, "title": "M", "price": "11.00", "option1": "M", "inventory_management": None,
             "inventory_quantity": 0},
        ],
    }  # fmt: skip
    text = json.dumps({"products": [product, {**product, "id": 8, "handle": "no", "published_at": None}]})
    reading = read(text, currency="EUR", storefront_url=STORE)
    assert prices(reading) == {"7": (1100, None)}
    assert [(v.options, v.available) for v in reading.products["7"].variants] == [
        ({"Size": "S"}, False),
        ({"Size": "M"}, True),
    ]
    assert (reading.products["7"].url, skipped(reading)) == (f"{STORE}/products/tee", {"8"})


PRIVATE = [
    ("_purchase_price", "SECRET"), ("_supplier_name", "SECRET"), ("_internal_note", "SECRET"), ("cost", "SECRET"),
    ("supplier_ref", "SECRET"), ("Wholesale price", "SECRET"), ("Einkaufspreis netto", "SECRET"),
    ("prix d'achat", "SECRET"), ("meta_data", [{"key": "anything", "value": "SECRET"}]), ("Cost per item", "SECRET"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), PRIVATE, ids=[name for name, _ in PRIVATE])
def test_private_fields_are_never_kept_at_any_depth(read: Read, name: str, value: object) -> None:
    pair = {"name": name, "value": value}
    shapes: list[dict[str, object]] = [
        {name: value},
        {"details": {name: value, "colour": "red"}},
        {"attributes": [pair, {"name": "colour", "value": "red"}]},
        {"specs": {"inner": {"deep": {"deeper": {"deepest": {name: value}}}}}},
        {"extra": [{"more": [pair, 1]}]},
        {"description": {"text": "fine", name: value}},
        {"variants": [{"id": "v", "price": "1", "options": [pair, {"name": "size", "value": "S"}]}]},
    ]
    for shape in shapes:
        reading = read(json.dumps({"id": "1", "title": "Tin", "price": "8", **shape}) + "\n", currency="EUR")
        assert "SECRET" not in str(reading.products["1"]), shape


def test_woocommerce_rest_dump(read: Read) -> None:
    tin = {
        "id": 90, "name": "Tea &amp; Spice tin", "permalink": "https://shop.example/tin/", "type": "simple",
        "status": "publish", "catalog_visibility": "visible", "price": "8", "regular_price": "12", "sale_price": "8",
        "stock_status": "instock", "meta_data": [{"key": "_wc_cog_cost", "value": "3.10"}, {"key": "n", "value": "x9"}],
    }  # fmt: skip
    entries = [
        tin,
        {**tin, "id": 91, "catalog_visibility": "hidden"},
        {**tin, "id": 92, "status": "draft"},
        {**tin, "id": 93, "type": "variable", "price": ""},
        {"id": 94, "type": "variation", "parent_id": 93, "price": "5", "stock_status": "outofstock",
         "attributes": [{"name": "Size", "option": "S"}]},
    ]  # fmt: skip
    reading = read(json.dumps(entries), currency="EUR")
    assert prices(reading) == {"90": (800, 1200), "93": (500, None)}
    assert skipped(reading) == {"91", "92"}
    assert reading.products["90"].title == "Tea & Spice tin"
    assert [(v.options, v.available) for v in reading.products["93"].variants] == [({"Size": "S"}, False)]
    assert "x9" not in str(reading.products)
    assert "3.10" not in str(reading.products)


def test_woocommerce_store_api_dump(read: Read) -> None:
    entry = {
        "id": 5, "name": "Mug", "permalink": "https://shop.example/mug/", "is_in_stock": True,
        "prices": {"price": "875", "regular_price": "1000", "currency_code": "GBP", "currency_minor_unit": 2},
    }  # fmt: skip
    product = read(json.dumps([entry]), currency="EUR").products["5"]
    assert (product.price, product.compare_at_price) == (Money(875, "GBP"), Money(1000, "GBP"))


DAMAGED = ["4.00638E+12", "4,00638E+12", "4E+12", "9.78012E+12", "1.23457E+15"]


@pytest.mark.parametrize("code", DAMAGED)
def test_an_id_that_a_spreadsheet_has_rounded_is_named(read: Read, code: str) -> None:
    rows = "".join(f"{code}\tStylus {n}\t3.50 GBP\t{code}\tpens\t{n}\n" for n in ("blue", "red"))
    for header in ("id\ttitle\tprice\tgtin\titem_group_id\tcolor\n", "id\ttitle\tprice\tgtin\tnote\tcolor\n"):
        reading = read(header + rows)
        assert reading.products == {}
        assert all("spreadsheet" in reason and code in reason for reason in reading.reasons().values())
    kept = read(f"id\tsku\ttitle\tprice\tgtin\n{code}\tS-1\tPen\t3\t{code}\n").products["S-1"]
    assert code not in str(kept)
    shopify = f'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\npen,Pen,Size,S,"{code}",3\n'
    assert code not in str(read(shopify).products["pen"])


@pytest.mark.parametrize("code", ["001234", "00012", "4006381333931", "0", "1E5"])
def test_a_code_wrapped_for_a_spreadsheet_is_unwrapped(read: Read, code: str) -> None:
    text = f'id,title,price,ean\n="{code}",A,5,="00{code}"\n"=""B{code}""",C,6,\n'
    reading = read(text)
    assert f"B{code}" in reading.products
    if code != "1E5":
        assert reading.products[code].identifiers == (f"00{code}",)


ABOVE = {
    "excel": "sep={d}\n",
    "quoted excel": '"sep={d}"\n',
    "meta": "# Required | a unique id{d}# Required | a name{d}# Required | a price{d}# Optional\n",
    "title": "Price list 2026\n\n",
    "padded title": "Price list 2026{d}{d}{d}\nAs of 1 November{d}{d}{d}\n",
    "remark": "# made by the shop's export\n",
    "amazon": "TemplateType=fptcustom{d}Version=2026{d}{d}\nItem Name{d}The Label{d}Sum{d}Pieces\n",
}


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("kind", sorted(ABOVE))
def test_lines_above_the_header_are_skipped(read: Read, kind: str, delimiter: str) -> None:
    d = delimiter
    rows = f"sku{d}title{d}price{d}stock\nA-1{d}Hammer{d}12.50{d}4\nA-2{d}Tongs{d}9.90{d}0\n"
    reading = read(ABOVE[kind].format(d=d) + rows, currency="EUR")
    assert prices(reading) == {"A-1": (1250, None), "A-2": (990, None)}
    assert [product.available for product in reading.products.values()] == [True, False]
    assert reading.problems == []


@pytest.mark.parametrize(
    ("column", "public", "hidden"),
    [
        ("status", "active", "draft"),
        ("Sichtbar", "ja", "nein"),
        ("visibility", "catalog", "none"),
        ("published", "TRUE", "FALSE"),
        ("Publié", "oui", "non"),
        ("Active (0/1)", "1", "0"),
        ("catalog_visibility", "visible", "hidden"),
        ("is_hidden", "0", "1"),
        ("aktiv", "1", "0"),
        ("status", "published", "whatever"),
        ("visible", "Y", "maybe later"),
    ],
)
def test_only_known_words_mean_public(read: Read, column: str, public: str, hidden: str) -> None:
    reading = read(table(["id", "title", "price", column], {"id": 1, "title": "A", "price": 1, column: public},
                         {"id": 2, "title": "B", "price": 1, column: hidden},
                         {"id": 3, "title": "C", "price": 1, column: ""}))  # fmt: skip
    assert set(reading.products) == {"1", "3"}
    assert skipped(reading) == {"2"}
    mapped = read(
        table(["id", "title", "price", column], {"id": 2, "title": "B", "price": 1, column: hidden}),
        {"status": "=public"},
    )
    assert set(mapped.products) == {"2"}


@pytest.mark.parametrize("parent", ["parent_sku", "parent_id", "Parent", "übergeordnetes Produkt", "master_sku"])
def test_children_that_name_their_parent_are_its_variants(read: Read, parent: str) -> None:
    header = ["id", "sku", parent, "title", "price", "colour", "stock"]
    rows: list[dict[str, object]] = [
        {"id": 2, "sku": "SH-1", parent: "SH", "title": "Shirt red", "price": 10, "colour": "red", "stock": 3},
        {"id": 1, "sku": "SH", "title": "Shirt"},
        {"id": 3, "sku": "SH-2", parent: "SH", "title": "Shirt blue", "price": 12, "colour": "blue", "stock": 0},
        {"id": 4, "sku": "X", "title": "Solo", "price": 5, "stock": 1},
    ]
    reading = read(table(header, *rows), currency="EUR")
    assert prices(reading) == {"1": (1000, None), "4": (500, None)}
    assert [(v.options, v.sku, v.stock, v.available) for v in reading.products["1"].variants] == [
        ({"colour": "red"}, "SH-1", 3, True),
        ({"colour": "blue"}, "SH-2", 0, False),
    ]


def test_a_shopify_handle_gives_the_address_of_the_page(read: Read) -> None:
    text = "Handle,Title,Option1 Name,Option1 Value,Variant Price\ntrail-socks,Socks,Size,S,3\n"
    assert read(text, storefront_url=f"{STORE}/").products["trail-socks"].url == f"{STORE}/products/trail-socks"
    assert read(text).products["trail-socks"].url is None


def test_bad_rows_are_no_skipped_rows(read: Read) -> None:
    reading = read("id,title,price,status\n1,A,call us,active\n2,B,5,draft\n")
    assert [type(row) for row in reading.problems] == [BadRow, SkippedRow]


@pytest.mark.parametrize(
    ("header", "shown", "hidden", "price"),
    [
        ("Artikelnummer;Omschrijving;Verkoopprijs;Voorraad;Zichtbaar", "1.299,00;3;ja", "5,00;0;nee", 129900),
        ("Codice;Nome prodotto;Prezzo;Giacenza;Pubblicato", "€ 49,90;3;sì", "€ 100,00;0;no", 4990),
        ("Kod produktu;Nazwa;Cena brutto;Stan magazynowy;Aktywny", "12,50 €;3;tak", "5,00 €;0;nie", 1250),
        ("Artikelnr;Benämning;Pris inkl. moms;Lagersaldo;Publicerad", "129,00;3;ja", "50;0;nej", 12900),
        ("Kód;Název;Cena s DPH;Skladem;Viditelný", "1 290,00;3;ano", "50;0;ne", 129000),
        ("商品コード;商品名;販売価格;在庫数;公開", "12.90;3;公開", "5;0;非公開", 1290),
        ("Артикул;Наименование;Цена;Остаток;Опубликовано", "1 290,00;3;да", "50;0;нет", 129000),
        ("Referência;Nome do produto;Preço;Estoque;Ativo", "29,90;3;Sim", "5,00;0;Não", 2990),
        ("Tuotekoodi;Tuotenimi;Hinta;Varastosaldo;Näkyvissä", "12,90 €;3;kyllä", "5,00 €;0;ei", 1290),
        ("Varenummer;Varenavn;Pris;Lager;Aktiv", "1.299,00;3;Ja", "50,00;0;Nej", 129900),
        ("상품코드;상품명;판매가;재고수량;진열상태", "12.90;3;진열", "5;0;진열안함", 1290),
        ("رمز المنتج;اسم المنتج;السعر;المخزون;حالة النشر", "12.90;3;منشور", "5;0;مسودة", 1290),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_tables_in_further_languages(
    read: Read, header: str, shown: str, hidden: str, price: int, encoding: str
) -> None:
    reading = read(f"{header}\n1;Mug;{shown}\n2;Spoon;{hidden}\n".encode(encoding), currency="EUR")
    assert prices(reading) == {"1": (price, None)}
    assert (reading.products["1"].title, reading.products["1"].available) == ("Mug", True)
    assert skipped(reading) == {"2"}


@pytest.mark.parametrize(
    "text",
    [
        "&lt;p&gt;Warm &amp;amp; soft&lt;/p&gt;", "&lt;div class=&quot;a&quot;&gt;Warm &amp;amp; soft&lt;/div&gt;",
        "<p>Warm &amp; soft</p>", "Warm &amp; soft", "&lt;strong&gt;Warm&lt;/strong&gt; &amp;amp; soft",
    ],
)  # fmt: skip
def test_escaped_html_of_descriptions_is_read_as_html(read: Read, text: str) -> None:
    reading = read(json.dumps([{"id": 1, "title": "Scarf", "price": "5", "description": text}]))
    assert reading.products["1"].description == "Warm & soft"


def test_signs_of_comparison_are_no_html(read: Read) -> None:
    reading = read(json.dumps([{"id": 1, "title": "Scarf", "price": "5", "description": "Below 5 &lt; 6 °C"}]))
    assert reading.products["1"].description == "Below 5 < 6 °C"


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12,900원", "KRW", 12900), ("5 000 đ", "VND", 5000), ("100 บาท", "THB", 10000), ("1 290 грн", "UAH", 129000),
        ("12.50 лв", "BGN", 1250), ("129 ر.س", "SAR", 12900), ("99 din", "RSD", 99),
    ],
)  # fmt: skip
def test_currencies_by_the_words_of_their_country(read: Read, text: str, currency: str, amount: int) -> None:
    reading = read(json.dumps([{"id": 1, "title": "Scarf", "price": text}]))
    assert reading.products["1"].price == Money(amount, currency)
