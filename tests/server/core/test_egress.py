"""The egress client: no socket to an address that is not public, whatever the name, the redirect or the moment."""

import asyncio
import gzip
import ipaddress
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.addresses import is_global
from server.core.egress import Egress, EgressFailed, EgressRefused

PUBLIC = "93.184.216.34"


class RecordingBackend(httpcore.AsyncMockBackend):
    """Answers every connection with canned bytes, and keeps where each went."""

    def __init__(self, responses: dict[str, bytes] | None = None) -> None:
        super().__init__([])
        self.connected: list[tuple[str, int]] = []
        self._responses = responses or {}
        self.refusing: set[str] = set()

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        self.connected.append((host, port))
        if host in self.refusing:
            raise httpcore.ConnectError("refused")
        return httpcore.AsyncMockStream([self._responses.get(host, OK)])


def response(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = response("200 OK", "Content-Type: text/html", body=b"hello")


class Names:
    """A resolver from a table; a name with several entries gives the next one on each look-up."""

    def __init__(self, **table: list[list[str]]) -> None:
        self._table = {name.replace("_", "."): responses for name, responses in table.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Iterable[str]:
        self.asked.append(host)
        responses = self._table.get(host, [[host]])
        return responses.pop(0) if len(responses) > 1 else responses[0]


def client(backend: RecordingBackend, names: Names | None = None, **options: Any) -> Egress:
    return Egress(base_url="https://aisle.example", resolver=names or Names(), backend=backend, **options)


FORBIDDEN = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1", "::", "::1",
    "::ffff:93.184.216.34", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
    "2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "100::1", "5f00::1", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_no_socket_to_an_address_that_is_not_global(address: str) -> None:
    backend = RecordingBackend()
    names = Names(shop_example=[[address]], mixed_example=[[PUBLIC, address]])
    for url in ("http://shop.example/", "https://shop.example/", "http://mixed.example/"):
        with pytest.raises(EgressRefused, match="not a public address"):
            await client(backend, names).get(url)
    assert backend.connected == []


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are_global(address: str) -> None:
    assert is_global(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_stays_forbidden_in_every_ipv6_form(address: Any) -> None:
    packed = int(address)
    for form in (0xFFFF << 32, 0, 0x64FF9B << 96, 0xFFFF0000 << 16):
        assert not is_global(str(ipaddress.IPv6Address(form | packed)))
    assert not is_global(str(ipaddress.IPv6Address((0x2002 << 112) | (packed << 80))))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://2130706433/", "http://0x7f.1/",
        "http://127.1/", "http://localhost/", "http://169.254.169.254/latest/meta-data/",
    ],
)  # fmt: skip
async def test_literals_and_odd_spellings_with_the_systems_own_resolver(url: str) -> None:
    backend = RecordingBackend()
    with pytest.raises((EgressRefused, EgressFailed)):
        await Egress(backend=backend).get(url)
    assert backend.connected == []


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://shop.example/", "gopher://shop.example/", "javascript:alert(1)", "//shop.example",
        "shop.example", "", "http://", "http://user:secret@shop.example/", "http://shop.example:22/",
        "http://shop.example:6379/", "https://shop.example:8443/", "http://shop.example:99999/", "http://[::1/",
        "http://" + "a" * 5_000,
    ],
)  # fmt: skip
async def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    backend, names = RecordingBackend(), Names()
    with pytest.raises(EgressRefused) as refused:
        await client(backend, names).get(url)
    assert "secret" not in str(refused.value)
    assert (backend.connected, names.asked) == ([], [])


async def test_it_connects_to_the_checked_address_under_the_asked_name() -> None:
    backend = RecordingBackend()
    names = Names(shop_example=[[PUBLIC], ["127.0.0.1"]])  # a second look-up would rebind
    response = await client(backend, names).get("http://shop.example/help?q=1#part")
    assert (response.status, response.body, response.url) == (200, b"hello", "http://shop.example/help?q=1#part")
    assert response.headers["content-type"] == "text/html"
    assert backend.connected == [(PUBLIC, 80)]
    assert names.asked == ["shop.example"]


async def test_the_next_address_is_tried_when_one_does_not_answer() -> None:
    backend = RecordingBackend()
    backend.refusing = {"2606:4700::1"}
    response = await client(backend, Names(shop_example=[["2606:4700::1", PUBLIC]])).get("http://shop.example/")
    assert response.status == 200
    assert [host for host, _ in backend.connected] == ["2606:4700::1", PUBLIC]


@pytest.mark.parametrize(
    "target",
    [
        "http://inner.example/",
        "http://127.0.0.1/",
        "//inner.example/x",
        "http://shop.example:6379/",
        "file:///etc/passwd",
    ],
)
async def test_every_redirect_is_checked_anew(target: str) -> None:
    backend = RecordingBackend({PUBLIC: response("302 Found", f"Location: {target}")})
    names = Names(shop_example=[[PUBLIC]], inner_example=[["10.0.0.5"]])
    with pytest.raises(EgressRefused):
        await client(backend, names).get("http://shop.example/")
    assert backend.connected == [(PUBLIC, 80)]


async def test_redirects_end() -> None:
    backend = RecordingBackend({PUBLIC: response("301 Moved", "Location: /again")})
    with pytest.raises(EgressFailed, match="more than 5 redirects"):
        await client(backend, Names(shop_example=[[PUBLIC]])).get("http://shop.example/")
    assert len(backend.connected) == 6


async def test_an_unknown_name_is_a_failure_that_says_so() -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such host")

    with pytest.raises(EgressFailed, match=r"shop\.example has no address"):
        await Egress(resolver=nowhere, backend=RecordingBackend()).get("http://shop.example/")


@asynccontextmanager
async def local_server(reply: bytes, *, keep_open: bool = False) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A real server on a free port: (its port, the requests it got)."""
    requests: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        if keep_open:
            await reader.read()  # until the client goes
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], requests


async def test_a_listed_host_and_port_is_reached_and_no_other() -> None:
    async with local_server(OK) as (port, requests):
        egress = Egress(base_url="https://aisle.example", allow=[f"127.0.0.1:{port}"])
        assert (await egress.get(f"http://127.0.0.1:{port}/a", headers={"Accept": "text/html"})).body == b"hello"
        with pytest.raises(EgressRefused):
            await egress.get(f"http://127.0.0.2:{port}/a")
        with pytest.raises(EgressRefused):
            await egress.get("http://127.0.0.1/a")
        await egress.close()
    head = requests[0].decode()
    assert head.startswith("GET /a HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n" in head
    assert "User-Agent: AisleBot/0.1 (+https://aisle.example)\r\n" in head
    assert "Accept: text/html\r\n" in head
    assert len(requests) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (response("200 OK", body=b"x" * 3_000), "larger than 2,000 bytes"),
        (
            response("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"x" * 50_000_000, mtime=0)),
            "larger than 2,000 bytes",
        ),
        (response("200 OK", "Content-Encoding: gzip", body=b"no gzip"), "damaged"),
        (response("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"hello", mtime=0)[:-6]), "ends too early"),
        (response("200 OK", "Content-Encoding: br", body=b"x"), "compressed as br"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "127.0.0.1"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "127.0.0.1"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n", "127.0.0.1"),
    ],
)
async def test_responses_that_are_too_much_or_broken_fail(reply: bytes, reason: str) -> None:
    async with local_server(reply) as (port, _):
        egress = Egress(allow=[f"127.0.0.1:{port}"])
        with pytest.raises(EgressFailed, match=reason):
            await egress.get(f"http://127.0.0.1:{port}/", max_bytes=2_000)
        await egress.close()


async def test_a_packed_response_is_unpacked() -> None:
    async with local_server(response("200 OK", "Content-Encoding: gzip", body=gzip.compress(b"hello" * 100))) as (
        port,
        _,
    ):
        egress = Egress(allow=[f"127.0.0.1:{port}"])
        assert (await egress.get(f"http://127.0.0.1:{port}/", max_bytes=500)).body == b"hello" * 100
        await egress.close()


async def test_a_response_that_never_ends_is_given_up() -> None:
    async with local_server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx", keep_open=True) as (port, _):
        egress = Egress(allow=[f"127.0.0.1:{port}"], total_timeout_s=0.3)
        with pytest.raises(EgressFailed, match=r"no full response within 0\.3 s"):
            await egress.get(f"http://127.0.0.1:{port}/")
        await egress.close()


async def test_a_local_socket_is_never_opened() -> None:
    from server.core.egress import GuardedBackend

    with pytest.raises(EgressRefused):
        await GuardedBackend((), Names(), RecordingBackend()).connect_unix_socket("/run/redis.sock")
