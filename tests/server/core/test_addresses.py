"""Which network a visitor counts as: from what proxies write, never from what the visitor writes."""

import ipaddress
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, get

from server.core.addresses import network_of
from server.core.http import client_address
from server.embedded.standins.shopify_server import in_this_process

PEER = "127.0.0.1"
CLIENT, SPOOFED, INNER = "203.0.113.9", "198.51.100.66", "10.0.0.7"


@get("/")
async def address(request: Request[Any, Any, Any]) -> dict[str, str]:
    return {"address": client_address(request)}


app = Litestar([address])


@pytest.fixture(scope="module")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with (
        in_this_process(uvicorn.Config(app, log_level="critical", lifespan="off", proxy_headers=False)) as root,
        httpx.AsyncClient(base_url=root) as client,
    ):
        yield client


@pytest.mark.parametrize(
    ("trusted", "lines", "found"),
    [
        (0, [CLIENT], PEER),
        (1, [], PEER),
        (1, [CLIENT], CLIENT),
        (1, [f"{SPOOFED}, {CLIENT}"], CLIENT),
        (1, [SPOOFED, CLIENT], CLIENT),
        (1, [SPOOFED, f"{SPOOFED},{SPOOFED}", CLIENT], CLIENT),
        (2, [SPOOFED, CLIENT, INNER], CLIENT),
        (2, [SPOOFED, f"{CLIENT} ,\t{INNER}"], CLIENT),
        (2, [f"{SPOOFED}, {CLIENT}", INNER], CLIENT),
        (1, [SPOOFED, f",{CLIENT}, ,", ""], CLIENT),
        (2, [CLIENT], PEER),
        (3, [CLIENT, INNER], PEER),
        (1, [", ,", ","], PEER),
        (1, ["<script>, 999.1.1.1", CLIENT], CLIENT),
        (1, [CLIENT, "unknown"], "unknown"),
        (1, [SPOOFED, f"{CLIENT}:4711"], f"{CLIENT}:4711"),
    ],
)
async def test_the_nth_from_the_right_of_all_lines(
    client: httpx.AsyncClient, trusted: int, lines: list[str], found: str
) -> None:
    app.state.trusted_proxies = trusted
    response = await client.get("/", headers=[("X-Forwarded-For", line) for line in lines])
    assert response.json() == {"address": found}


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        (" 203.0.113.9:4711 ", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("[2001:db8::1]", "2001:db8::/64"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ("2001:db8::1:443", "2001:db8::/64"),
        ("[fe80::1%eth0]:443", "fe80::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("[::ffff:203.0.113.9]:80", "203.0.113.9"),
        *((garbage, None) for garbage in (
            "", "unknown", "None", "_hidden", "shop.example:80", "203.0.113.9:", "203.0.113.9:http", "203.0.113:80",
            "203.0.113.9:471100", "[203.0.113.9", "[]:80", "[2001:db8::1]x", "[[2001:db8::1]]", "[2001:db8::1]:٤",
            "203.0.113.9:1:2",
        )),
    ],
)  # fmt: skip
def test_the_network_of_an_address(text: str, network: str | None) -> None:
    assert network_of(text) == network


@given(st.ip_addresses(), st.integers(0, 65_535))
def test_a_port_changes_nothing(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> None:
    written = f"[{address}]" if address.version == 6 else str(address)
    assert network_of(str(address)) is not None
    assert network_of(f"{written}:{port}") == network_of(written) == network_of(str(address))


@given(st.text(max_size=40))
def test_what_is_no_address_is_no_network(text: str) -> None:
    found = network_of(text)
    assert found is None or ipaddress.ip_network(found)
