"""A shop with staff and conversations, written through the same functions a turn uses."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.template import TemplateConfig

from server.app import INJECTED, OUTSIDE_ERRORS
from server.catalog.service import Catalog
from server.chat.conversations.handoff.storage import request_handoff
from server.chat.conversations.pictures.service import PictureService
from server.chat.conversations.presence import Presence
from server.chat.conversations.storage import save_feedback
from server.chat.models import Question
from server.chat.shopper_limits import ShopperLimits
from server.chat.tools.dry_toolbox import DryToolbox
from server.chat.tools.toolbox import ShopToolbox
from server.chat.transcript import Transcript
from server.chat.turns import storage as turns
from server.chat.turns.dry_run import DryRuns
from server.chat.turns.models import TurnTrace
from server.console.endpoints import TEMPLATES, console_router
from server.console.figures.service import Figures
from server.console.service import StaffService
from server.core.crypto import Vault
from server.core.database import Database
from server.core.egress import Egress
from server.core.http import EXCEPTION_HANDLERS
from server.core.ids import new_id
from server.core.jobs import JobService
from server.core.rate_limit import RateLimiter
from server.core.tokens import TokenSigner
from server.knowledge.index import SearchIndex
from server.knowledge.library.service import Library
from server.knowledge.service import Knowledge
from server.knowledge.sources import Sources
from server.shops.access import COOKIE, ConsoleClaims, provide_caller
from server.shops.identity import Customer, Shopper
from server.shops.members import Members
from server.shops.models import Role
from server.shops.service import ShopService
from server.shops.tables import MemberRow, MerchantRow
from server.stores.service import StoreService
from tests.passwords import QUICK
from tests.server.knowledge.test_reembedding import NamedEmbedder

OWN_ORIGIN = "http://aisle.test"
SECRET = "s" * 40
PASSWORD = "correct horse battery"


@dataclass(kw_only=True)
class Person:
    """Somebody of the staff, with what their browser sends."""

    id: UUID
    email: str
    cookies: dict[str, str]

    @property
    def form(self) -> dict[str, str]:
        """Headers of a form on our own page."""
        return self.headers | {"origin": OWN_ORIGIN}

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a page view."""
        return {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}


@dataclass(kw_only=True)
class ShopUnderTest:
    """A tenant and its people."""

    id: UUID
    secret_key: str
    publishable_key: str
    owner: Person
    agent: Person
    viewer: Person
    database: Database = field(repr=False)

    @property
    def api(self) -> dict[str, str]:
        """Headers of a server that holds the secret key."""
        return {"authorization": f"Bearer {self.secret_key}"}

    async def ask(
        self,
        text: str,
        *,
        talk: UUID | None = None,
        shopper_id: UUID | None = None,
        email: str | None = None,
        at: datetime | None = None,
        answer: list[dict[str, Any]] | None = None,
        state: str = "done",
        by: str | None = "engine",
        kind: str = "policy",
        trace: dict[str, Any] | None = None,
        rating: str | None = None,
        comment: str | None = None,
    ) -> "Turn":
        """One question with its answer; `answer=[]` leaves none, `at` puts both into the past."""
        turn = Turn(talk=talk or new_id(), shopper_id=shopper_id or new_id(), id=new_id(), question_id=str(new_id()))
        shopper = Shopper(
            shop_id=self.id,
            conversation_id=turn.talk,
            shopper_id=turn.shopper_id,
            customer=Customer(id="c1", email=email) if email else None,
            origin="https://fern.example",
        )
        said = [{"type": "text", "text": "Within 30 days.", "state": "done"}] if answer is None else answer
        known = {"kind": kind, "seconds": 0.2, "first_text_s": 0.05, "notes": []} | (trace or {})
        known["sources"] = [{"kind": "document", "fetched_at": ""} | source for source in known.get("sources", [])]
        async with self.database.connection(self.id) as connection:
            accepted = await turns.accept_message(
                connection,
                self.id,
                shopper,
                message_id=turn.question_id,
                turn_id=turn.id,
                answer_id=turn.answer_id,
                text=text,
                parts=msgspec.json.encode([{"type": "text", "text": text}]).decode(),
            )
            assert accepted.state in ("new", "staff_handling")
            if accepted.state == "new" and state != "running":
                await turns.record_answer(
                    connection,
                    self.id,
                    turn.talk,
                    turn.id,
                    state=state,
                    answered_by=by,
                    usage_state="settled" if state in ("done", "stopped") else "released",
                    trace=msgspec.convert(known, TurnTrace),
                    seq=accepted.seq,
                    parts=said,
                    metadata={"answered_by": by or "engine", "kind": kind},
                )
            if rating:
                assert await save_feedback(connection, self.id, turn.talk, turn.answer_id, rating, comment)
            if at:
                await self._move(connection, turn, at)
        return turn

    async def _move(self, connection: Any, turn: "Turn", at: datetime) -> None:
        await connection.execute(
            "UPDATE conversation SET last_message_at = $3, created_at = least(created_at, $3) "
            "WHERE shop_id = $1 AND id = $2",
            self.id,
            turn.talk,
            at,
        )
        await connection.execute(
            "UPDATE turn SET started_at = $3, ended_at = $3 WHERE shop_id = $1 AND id = $2",
            self.id,
            turn.id,
            at,
        )
        await connection.execute(
            "UPDATE message SET created_at = $4 WHERE shop_id = $1 AND conversation_id = $2 AND id = ANY($3)",
            self.id,
            turn.talk,
            [turn.question_id, turn.answer_id],
            at,
        )

    async def want_person(self, talk: UUID, email: str | None = None) -> None:
        """The shopper asks for staff."""
        async with self.database.connection(self.id) as connection:
            await request_handoff(connection, self.id, talk, "waiting", email)

    async def audit(self) -> list[tuple[str, str]]:
        """(actor, action) of all entries about conversations, oldest first."""
        async with self.database.connection(self.id) as connection:
            rows = await connection.fetch(
                "SELECT actor, action FROM audit_entry WHERE shop_id = $1 AND action LIKE 'conversation.%' ORDER BY id",
                self.id,
            )
        return [(row["actor"], row["action"]) for row in rows]


@dataclass(kw_only=True)
class Turn:
    """What `ask` made."""

    talk: UUID
    shopper_id: UUID
    id: UUID
    question_id: str

    @property
    def answer_id(self) -> str:
        return f"a-{self.id.hex}"


def console_app(
    database: Database,
    limiter: RateLimiter,
    shops: ShopService,
    signer: TokenSigner[ConsoleClaims],
    presence: Presence,
    own_origin: str = OWN_ORIGIN,
    *,
    known: "KnownThings | None" = None,
) -> Litestar:
    """The console's routes with what they depend on."""
    provided = {
        "shops": shops,
        "members": Members(database),
        "limiter": limiter,
        "console_signer": signer,
        "staff_service": StaffService(database, presence),
        "pictures": PictureService(database, shops, ShopperLimits(limiter)),
        "figures": Figures(database),
        "egress": Egress(resolver=_no_address),
        "dry_runs": DryRuns(shops, limiter, _Silent(), _no_toolbox),
        "jobs": JobService(database, _notify_nobody),
        "sources": Sources(database, JobService(database, _notify_nobody)),
        "stores": StoreService(database, Vault((SECRET,)), shops, JobService(database, _notify_nobody)),
    }
    if known:
        provided |= {"catalog": known.catalog, "knowledge": known.knowledge, "library": known.library}
    others = dict.fromkeys(INJECTED)  # for routes that no test here calls: Litestar wants every name provided
    app = Litestar(
        route_handlers=[console_router],
        dependencies={"caller": Provide(provide_caller)}
        | {name: _always(value) for name, value in (others | provided).items()},
        exception_handlers=EXCEPTION_HANDLERS | OUTSIDE_ERRORS,
        template_config=TemplateConfig(directory=[TEMPLATES], engine=JinjaTemplateEngine),
        openapi_config=None,
    )
    app.state.own_origin = own_origin
    app.state.trusted_proxies = 0
    return app


class KnownThings:
    """What shops know, indexed by an embedder that needs no model."""

    def __init__(self, database: Database, owner_url: str) -> None:
        embedder = NamedEmbedder("console")
        index = SearchIndex(database, embedder, owner_url)
        self.catalog = Catalog(database, index)
        self.knowledge = Knowledge(database, embedder, index)
        self.library = Library(database, self.knowledge)


class _Silent:
    """A driver for questions that are refused before anybody is asked."""

    async def answer(self, question: Question, tools: ShopToolbox, transcript: Transcript) -> str:
        raise AssertionError


def _no_toolbox(question: Question) -> DryToolbox:
    raise AssertionError


async def _no_address(host: str, _port: int) -> list[str]:
    """A page of any shop is at an address that nobody may be led to."""
    return ["127.0.0.1"]


async def _notify_nobody(_shop_id: UUID, _job_id: UUID) -> None:
    """No worker runs."""


def _always(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)


async def new_shop(
    name: str, database: Database, shops: ShopService, signer: TokenSigner[ConsoleClaims]
) -> ShopUnderTest:
    """A shop with one merchant of each role that matters here."""
    made = await shops.create(name, ("https://fern.example",))
    people = {}
    for role in (Role.OWNER, Role.AGENT, Role.VIEWER):
        email = f"{role}@{made.shop_id.hex}.example"
        merchant = MerchantRow(email=email, name=f"Ms {role.title()}", password_hash=password_hash())
        async with database.global_session() as session:
            session.add(merchant)
        async with database.session(made.shop_id) as session:
            session.add(MemberRow(shop_id=made.shop_id, merchant_id=merchant.id, role=role))
        merchant_id = merchant.id
        token = signer.sign(ConsoleClaims(merchant_id, made.shop_id), lifetime_s=3600)
        people[str(role)] = Person(id=merchant_id, email=email, cookies={COOKIE: token})
    return ShopUnderTest(
        id=made.shop_id,
        secret_key=made.secret_key,
        publishable_key=made.publishable_key,
        owner=people["owner"],
        agent=people["agent"],
        viewer=people["viewer"],
        database=database,
    )


@lru_cache
def password_hash() -> str:
    """Of PASSWORD; made once."""
    return QUICK.hash(PASSWORD)


def hours_ago(hours: float) -> datetime:
    """A moment in the past."""
    return datetime.now(UTC) - timedelta(hours=hours)
