"""A running installation as tests see it: from outside, over HTTP and the command line."""

import json
import secrets
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from server.core.crypto import Vault, app_role_password
from server.core.database import url_for_role
from server.shops.members import Members
from server.shops.models import Role
from server.shops.service import NewShop, ShopService
from tests.commands import TIMEOUT_S, Completed, run_aisle
from tests.passwords import QUICK
from tests.shared_loop import database_of, run_in_loop

Event = dict[str, Any]


def _loopback_address() -> str | None:
    """Another address of this machine each time: the sign-ins of many tests are not counted as those of one visitor.
    Systems other than Linux have only 127.0.0.1."""
    return f"127.{secrets.randbelow(254) + 1}.{secrets.randbelow(256)}.1" if sys.platform == "linux" else None


@dataclass(frozen=True)
class ShopAccess:
    """A shop's keys."""

    shop_id: str
    publishable_key: str
    secret_key: str
    identity_secret: str


@dataclass(frozen=True)
class Installation:
    """`aisle demo`, running."""

    facts: dict[str, str]
    data_dir: Path
    process_id: int
    owner_url: str
    """The database as its owner: for looking behind the curtain, never for the product."""

    @property
    def base_url(self) -> str:
        return self.facts["base_url"]

    @property
    def port(self) -> int:
        return int(self.base_url.rpartition(":")[2])

    @property
    def app_database_url(self) -> str:
        """The database as the role that the product works with."""
        secret = (self.data_dir / "secret.key").read_text().strip()
        return url_for_role(self.owner_url, "aisle_app", app_role_password(secret))

    @property
    def demo_shop(self) -> ShopAccess:
        return ShopAccess(
            **{name: self.facts[name] for name in ("shop_id", "publishable_key", "secret_key", "identity_secret")}
        )

    def aisle(
        self,
        *arguments: str,
        settings: Mapping[str, str] | None = None,
        stdin: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> Completed:
        """Run an `aisle` command against this installation's data dir, with further settings."""
        own = {"AISLE_DATA_DIR": str(self.data_dir), "AISLE_BASE_URL": self.base_url}
        return run_aisle(arguments, own | dict(settings or {}), stdin=stdin, timeout_s=timeout_s)

    def create_shop(self, name: str, *origins: str) -> ShopAccess:
        """A new shop, by the service behind `aisle shop create` (the command itself costs seconds of imports)."""
        made = run_in_loop(self._create_shop(name, origins))
        return ShopAccess(str(made.shop_id), made.publishable_key, made.secret_key, made.identity_secret)

    async def _create_shop(self, name: str, origins: tuple[str, ...]) -> NewShop:
        secret = (self.data_dir / "secret.key").read_text().strip()
        database = await database_of(self.app_database_url)
        return await ShopService(database, Vault((secret,))).create(name, origins)

    @contextmanager
    def sign_in(self, shop: ShopAccess | None = None) -> Iterator[httpx.Client]:
        """The console in a browser in which a new owner of the shop has signed in."""
        email, password = f"owner-{uuid.uuid4().hex}@shop.example", uuid.uuid4().hex
        shop_id = uuid.UUID((shop or self.demo_shop).shop_id)
        run_in_loop(self._add_owner(shop_id, email, password))
        own_network = httpx.HTTPTransport(local_address=_loopback_address())
        headers = {"Origin": self.base_url}
        with httpx.Client(base_url=self.base_url, headers=headers, timeout=30, transport=own_network) as browser:
            signed_in = browser.post("/console/sign-in", data={"email": email, "password": password})
            assert signed_in.status_code == 303, signed_in.text
            yield browser

    async def _add_owner(self, shop_id: uuid.UUID, email: str, password: str) -> None:
        database = await database_of(self.app_database_url)
        await Members(database, passwords=QUICK).add(shop_id, email, password, "Owner", Role.OWNER)

    def merchant(self, shop: ShopAccess | None = None) -> httpx.Client:
        """A client with the shop's secret key."""
        key = (shop or self.demo_shop).secret_key
        return httpx.Client(base_url=self.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=30)

    def shopper(
        self, shop: ShopAccess | None = None, *, customer: dict[str, str] | None = None, locale: str | None = None
    ) -> "Shopper":
        """A new shopper in a browser on a listed origin (Aisle's own)."""
        shop = shop or self.demo_shop
        client = httpx.Client(base_url=self.base_url, headers={"Origin": self.base_url}, timeout=60)
        body: dict[str, Any] = {"key": shop.publishable_key}
        body |= {"customer": customer} if customer else {}
        body |= {"locale": locale} if locale else {}
        opened = client.post("/v1/sessions", json=body)
        assert opened.status_code == 201, opened.text
        client.headers["Authorization"] = f"Bearer {opened.json()['session']}"
        return Shopper(client, opened.json())


@dataclass
class Answer:
    """One streamed answer, read to its end."""

    events: list[Event]
    ids: list[str] = field(default_factory=list)
    done: bool = False

    @property
    def text(self) -> str:
        """All text, parts apart by blank lines."""
        return "".join(
            event["delta"] if event["type"] == "text-delta" else "\n\n"
            for event in self.events
            if event["type"] in ("text-delta", "text-end")
        ).strip()

    def of(self, kind: str) -> list[Any]:
        """The data of all `data-…` parts of a kind."""
        return [event["data"] for event in self.events if event["type"] == kind]

    @property
    def products(self) -> list[dict[str, Any]]:
        return [product for data in self.of("data-products") for product in data["products"]]

    @property
    def order(self) -> dict[str, Any] | None:
        found = self.of("data-order")
        return found[-1]["order"] if found else None

    @property
    def sources(self) -> list[str]:
        """Titles of cited sources."""
        return [event["title"] for event in self.events if event["type"].startswith("source-")]

    @property
    def metadata(self) -> dict[str, Any]:
        return next((e["messageMetadata"] for e in self.events if e["type"] == "message-metadata"), {})

    @property
    def shown(self) -> str:
        """Everything a shopper is shown, as one text: words and cards."""
        cards = [event for event in self.events if event["type"].startswith("data-")]
        return "\n".join([self.text, *(json.dumps(card, ensure_ascii=False) for card in cards)])


@dataclass
class Shopper:
    """A session of one shopper."""

    client: httpx.Client
    session: dict[str, Any]

    @property
    def conversation_id(self) -> str:
        return str(self.session["conversation_id"])

    def ask(self, text: str, message_id: str | None = None, **extra: Any) -> Answer:
        """Send a message and read the whole stream."""
        with self.stream(text, message_id, **extra) as response:
            assert response.status_code == 200, response.read()
            return read_answer(response.iter_lines())

    def stream(self, text: str, message_id: str | None = None, **extra: Any) -> Any:
        """Send a message; the open response."""
        message = {
            "id": message_id or str(uuid.uuid4()),
            "role": "user",
            "parts": [{"type": "text", "text": text}],
        }
        return self.client.stream("POST", "/v1/chat", json={"id": self.conversation_id, "message": message} | extra)

    def history(self) -> dict[str, Any]:
        """The conversation so far."""
        return dict(self.client.get(f"/v1/chat/{self.conversation_id}").json())

    def upload(self, data: bytes, media_type: str = "image/png") -> httpx.Response:
        """Send a picture for a message to come."""
        headers = {"Content-Type": media_type}
        return self.client.post(f"/v1/chat/{self.conversation_id}/images", content=data, headers=headers)

    def show(self, *image_ids: str, text: str = "") -> Answer:
        """Send a message with pictures and read the whole stream."""
        parts: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
        parts += [{"type": "file", "mediaType": "image/jpeg", "url": f"aisle-image:{each}"} for each in image_ids]
        message = {"id": str(uuid.uuid4()), "role": "user", "parts": parts}
        with self.client.stream("POST", "/v1/chat", json={"message": message}) as response:
            assert response.status_code == 200, response.read()
            return read_answer(response.iter_lines())

    def again(self, key: str, conversation_id: str | None = None) -> httpx.Response:
        """Open this browser's session again, in its conversation or another."""
        body: dict[str, Any] = {"key": key, "session": self.session["session"]}
        body |= {"conversation_id": conversation_id} if conversation_id else {}
        return self.client.post("/v1/sessions", json=body, headers={"Authorization": ""})

    def verify(self, **body: Any) -> httpx.Response:
        """Prove an order."""
        return self.client.post(f"/v1/chat/{self.conversation_id}/verification", json=body)


def read_answer(lines: Iterator[str]) -> Answer:
    """Parse an SSE stream of the UI message protocol."""
    answer = Answer([])
    for line in lines:
        if line.startswith("id: "):
            answer.ids.append(line[4:])
        elif line == "data: [DONE]":
            answer.done = True
        elif line.startswith("data: "):
            answer.events.append(json.loads(line[6:]))
    return answer
