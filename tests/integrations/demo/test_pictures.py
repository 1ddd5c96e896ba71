"""Every product's picture is a well-formed, self-contained drawing."""

import defusedxml.ElementTree as ElementTree
import pytest

from integrations.demo import load_store
from integrations.demo.pictures import draw, mix


def test_every_picture_is_drawn() -> None:
    store = load_store()
    for product in store.products:
        svg = draw(store.pictures[product.external_id], product.category[0])
        root = ElementTree.fromstring(svg)
        assert root.get("viewBox") == "0 0 400 300"
        assert "$" not in svg, product.external_id
        for word in ("<script", "href", "url(", "<text", "<style"):
            assert word not in svg, product.external_id


@pytest.mark.parametrize(("share", "expected"), [(0.0, "#102030"), (1.0, "#ffffff"), (0.5, "#889098")])
def test_mixing(share: float, expected: str) -> None:
    assert mix("#102030", "#ffffff", share) == expected
