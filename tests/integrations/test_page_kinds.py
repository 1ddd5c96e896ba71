"""What pages are for, by their addresses."""

import pytest

from integrations.page_kinds import PageKind, kind_of_address, sounds_helpful


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/policies/refund-policy", PageKind.HELP),
        ("/pages/shipping", PageKind.HELP),
        ("/versand-und-lieferung/", PageKind.HELP),
        ("/faq", PageKind.HELP),
        ("/about-us", PageKind.HELP),
        ("/mentions-legales", PageKind.HELP),
        ("/chi-siamo", PageKind.HELP),
        ("/products/return-address-stamp", PageKind.CATALOG),
        ("/produkt/versandkarton", PageKind.CATALOG),
        ("/sitemap_products_3.xml", PageKind.CATALOG),
        ("/product-sitemap2.xml", PageKind.CATALOG),
        ("/image-sitemap.xml", PageKind.CATALOG),
        ("/sitemap_pages_1.xml", PageKind.OTHER),
        ("/page-sitemap.xml", PageKind.OTHER),
        ("/collections/lamps", PageKind.LIST),
        ("/blogs/news/our-story", PageKind.LIST),
        ("/our-story", PageKind.OTHER),
        ("/", PageKind.OTHER),
    ],
)
def test_by_address(path: str, kind: PageKind) -> None:
    assert kind_of_address(f"https://shop.example{path}") is kind


def test_titles_and_slugs() -> None:
    assert sounds_helpful("Shipping & Delivery")
    assert sounds_helpful("widerrufsbelehrung")
    assert not sounds_helpful("Cart")
