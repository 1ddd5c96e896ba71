"""What platforms register: what one forgets would only be noticed when its first store is connected."""

import pytest

from server.stores.platform import StorePlatform
from server.stores.platforms import PLATFORMS, REQUEST_FIELDS, platform_routes
from server.webhooks.endpoints import webhooks_router

by_name = pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)


def test_every_platform_has_a_name_of_its_own() -> None:
    assert len({platform.name for platform in PLATFORMS}) == len(PLATFORMS)
    assert all(platform.title for platform in PLATFORMS)


@by_name
def test_a_form_asks_for_what_the_platforms_request_has(platform: type[StorePlatform]) -> None:
    fields = platform.form.fields if platform.form else ()
    assert {field.name for field in fields} <= set(platform.request.__struct_fields__) <= set(REQUEST_FIELDS)
    assert not fields or platform.takes_requests


@by_name
def test_a_secret_is_named_as_one(platform: type[StorePlatform]) -> None:
    fields = platform.form.fields if platform.form else ()
    assert all(field.is_secret for field in fields if field.type == "password")


@by_name
def test_webhooks_arrive_under_the_platforms_own_name(platform: type[StorePlatform]) -> None:
    paths = {route.path for route in webhooks_router.routes}
    mine = {path for path in paths if path.split("/")[2] == platform.name}
    assert bool(mine) is (platform.webhooks is not None)
    assert platform.webhooks is None or platform.webhooks.platform == platform.name


def test_routes_of_a_platform_carry_its_name() -> None:
    assert len(platform_routes()) == sum(len(platform.routes) for platform in PLATFORMS)
