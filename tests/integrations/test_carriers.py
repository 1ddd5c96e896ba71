"""Carriers by the names that shops and their plugins give them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.carriers import find_carrier


@pytest.mark.parametrize(
    ("name", "carrier"),
    [
        ("dhl", "DHL"),
        ("deutsche-post-dhl", "DHL"),
        ("DHL Express", "DHL Express"),
        ("dhl-us", "DHL Express"),
        ("ups-germany", "UPS"),
        ("UPS", "UPS"),
        ("fedex-sameday", "FedEx"),
        ("usps", "USPS"),
        ("dpd-de", "DPD"),
        ("dpd-co-uk", "DPD"),
        ("GLS Italy", "GLS"),
        ("hermes", "Hermes"),
        ("Hermes UK", "Evri"),
        ("royal-mail", "Royal Mail"),
        ("postnl", "PostNL"),
        ("La Poste", "Colissimo"),
        ("Österreichische Post", "Österreichische Post"),
        ("upside-down couriers", None),
        ("", None),
    ],
)
def test_by_name_or_slug(name: str, carrier: str | None) -> None:
    found = find_carrier(name)
    assert (found.name if found else None) == carrier


def test_the_two_countries_of_dpd_have_pages_of_their_own() -> None:
    links = {find.tracking_url("155") for name in ("dpd", "dpd-co-uk") if (find := find_carrier(name))}
    assert links == {"https://tracking.dpd.de/status/en_US/parcel/155", "https://track.dpd.co.uk/search?reference=155"}


@given(st.sampled_from(["dhl", "ups", "usps", "fedex", "royal-mail"]), st.text(min_size=1, max_size=20))
def test_no_number_leaves_its_place_in_the_address(name: str, number: str) -> None:
    carrier = find_carrier(name)
    assert carrier is not None
    head, _, tail = carrier.url.partition("{number}")
    url = carrier.tracking_url(number)
    assert url.startswith(head)
    assert url.endswith(tail)
    inner = url.removeprefix(head).removesuffix(tail)
    assert not set(inner) & set("/?#&=\\ \"'<>")
