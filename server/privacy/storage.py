"""Queries of privacy requests: everything that belongs to a person's conversations."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, ColumnElement, LargeBinary, Text, Uuid, any_, exists, literal, literal_column
from sqlalchemy.orm import QueryableAttribute, defer
from sqlalchemy.sql import Delete, Select
from sqlalchemy.sql.elements import CollectionAggregate
from sqlmodel import col, delete, func, or_, select, union, update
from sqlmodel.ext.asyncio.session import AsyncSession

from integrations.platform import NamedPerson
from server.catalog.tables import ProductRow
from server.chat.tables import ConversationMarkRow, ConversationRow, FeedbackRow, MessageRow, PictureRow, TurnRow
from server.core.tables import JobRow
from server.knowledge.tables import DocumentRow
from server.orders.tables import OneTimeCodeRow, ProofRow
from server.privacy.models import (
    ConversationCopy,
    FeedbackCopy,
    MarkCopy,
    MessageCopy,
    PersonalData,
    PictureCopy,
    ProofCopy,
)
from server.privacy.tables import PrivacyRequestRow
from server.stores.tables import LeftStoreRow, StoreConnectionRow

MAX_RECORDS = 500
_TEXTS_OF_PARTS: ColumnElement[str] = literal_column("'$[*].text'")
_WHOLE_VALUE: ColumnElement[str] = literal_column("'{}'")

Copy = TypeVar("Copy")


async def find_conversations(session: AsyncSession, shop_id: UUID, person: NamedPerson) -> list[UUID]:
    """Conversations of a person: signed in as them, with their e-mail (lower case) given or written, or about an
    order of theirs (normalised number) that was proven. What is None or empty finds nothing."""
    talk, message, proof = ConversationRow, MessageRow, ProofRow
    found: list[Select[Any]] = []
    if person.customer_id:
        found.append(select(talk.id).where(talk.shop_id == shop_id, talk.customer_id == person.customer_id))
    if email := person.email:
        is_theirs = or_(func.lower(talk.customer_email) == email, func.lower(talk.contact_email) == email)
        found.append(select(talk.id).where(talk.shop_id == shop_id, is_theirs))
        words = func.jsonb_path_query(col(message.parts), _TEXTS_OF_PARTS).column_valued("words")
        says = exists().where(words.op("#>>")(_WHOLE_VALUE).op("~*")(_whole_address(email)))
        found.append(select(message.conversation_id).where(message.shop_id == shop_id, says))
    if person.order_numbers:
        is_about = col(proof.order_number).in_(person.order_numbers)
        found.append(select(proof.conversation_id).where(proof.shop_id == shop_id, is_about))
    if not found:
        return []
    connection = await session.connection()
    return list((await connection.execute(union(*found))).scalars())


def _any_of(ids: Sequence[UUID]) -> CollectionAggregate[bool]:
    """One parameter for any number of ids: with one for each, Postgres refuses more than 32,767."""
    return any_(literal(ids, ARRAY(Uuid)))


def _whole_address(email: str) -> str:
    """A pattern for this address and no longer one that contains it: not joann@ for ann@, not .com.au for .com."""
    literal = re.sub(r"([^A-Za-z0-9@])", r"\\\1", email)
    return rf"(?<![A-Za-z0-9._%+-]){literal}(?![A-Za-z0-9-]|\.[A-Za-z0-9])"


async def find_conversations_without_a_store(session: AsyncSession, shop_id: UUID) -> list[UUID]:
    """All conversations of a shop that has neither a connection nor a product left; none of any other."""
    has_store = exists().where(col(StoreConnectionRow.shop_id) == shop_id)
    has_product = exists().where(col(ProductRow.shop_id) == shop_id)
    query = select(ConversationRow.id).where(ConversationRow.shop_id == shop_id, ~has_store, ~has_product)
    return list((await session.exec(query)).all())


async def list_persons(session: AsyncSession, shop_id: UUID, conversation_ids: Sequence[UUID]) -> list[NamedPerson]:
    """The customers of these conversations, and the addresses that were given in them."""
    talk = ConversationRow
    query = (
        select(talk.customer_id, talk.customer_email, talk.contact_email)
        .where(talk.shop_id == shop_id, col(talk.id) == _any_of(conversation_ids))
        .distinct()
    )
    return [
        person
        for customer_id, customer_email, contact_email in (await session.exec(query)).all()
        for person in (
            NamedPerson(customer_id=customer_id, email=customer_email, order_numbers=()),
            NamedPerson(customer_id=None, email=contact_email, order_numbers=()),
        )
    ]


async def get_personal_data(session: AsyncSession, shop_id: UUID, conversation_ids: Sequence[UUID]) -> PersonalData:
    """All that is stored of these conversations."""

    async def copies(table: Any, kind: type[Copy], *order: Any) -> list[Copy]:
        key = col(table.id if table is ConversationRow else table.conversation_id)
        query = select(table).where(table.shop_id == shop_id, key == _any_of(conversation_ids)).order_by(key, *order)
        rows = (await session.exec(query)).all()
        return [msgspec.convert(row, kind, from_attributes=True) for row in rows]

    return PersonalData(
        conversations=await copies(ConversationRow, ConversationCopy),
        messages=await copies(MessageRow, MessageCopy, MessageRow.seq),
        feedback=await copies(FeedbackRow, FeedbackCopy),
        marks=await copies(ConversationMarkRow, MarkCopy, ConversationMarkRow.id),
        pictures=await copies(PictureRow, PictureCopy, PictureRow.id),
        proofs=await copies(ProofRow, ProofCopy),
    )


async def erase_conversations(session: AsyncSession, shop_id: UUID, conversation_ids: Sequence[UUID]) -> dict[str, int]:
    """Delete these conversations with all that belongs to them; how many rows of each kind."""
    job, talk = JobRow, ConversationRow
    named = func.jsonb_extract_path_text(col(job.payload), "conversation_id")

    def of_conversations(table: Any) -> Delete:
        return delete(table).where(table.shop_id == shop_id, table.conversation_id == _any_of(conversation_ids))

    statements = {
        "proofs": of_conversations(ProofRow),
        "codes": of_conversations(OneTimeCodeRow),
        "feedback": of_conversations(FeedbackRow),
        "pictures": of_conversations(PictureRow),
        "code_requests": delete(job).where(
            col(job.shop_id) == shop_id,
            col(job.kind) == "orders.send_code",
            col(job.state).in_(("done", "failed")),
            named == any_(literal([str(conversation_id) for conversation_id in conversation_ids], ARRAY(Text))),
        ),
        "messages": of_conversations(MessageRow),
        "turns": of_conversations(TurnRow),
        "conversations": delete(talk).where(col(talk.shop_id) == shop_id, col(talk.id) == _any_of(conversation_ids)),
    }
    return {name: await _count_deleted(session, statement) for name, statement in statements.items()}


async def erase_exports(session: AsyncSession, shop_id: UUID, person_hashes: Sequence[bytes]) -> int:
    """Delete the exports of these persons, which contain what is being erased; how many there were."""
    request = PrivacyRequestRow
    where = (
        col(request.shop_id) == shop_id,
        col(request.person_hash) == any_(literal(person_hashes, ARRAY(LargeBinary))),
        col(request.export).is_not(None),
    )
    return (await session.exec(update(request).where(*where).values(export=None))).rowcount


async def erase_store(session: AsyncSession, shop_id: UUID, connection_id: UUID, source: str) -> dict[str, int]:
    """Delete a connection and all that was read from it; how many products and documents."""
    counts = {
        name: await _count_deleted(
            session, delete(table).where(col(table.shop_id) == shop_id, col(table.source) == source)
        )
        for name, table in (("products", ProductRow), ("documents", DocumentRow))
    }
    store, left = StoreConnectionRow, LeftStoreRow
    await session.exec(delete(store).where(col(store.shop_id) == shop_id, col(store.id) == connection_id))
    await session.exec(delete(left).where(col(left.shop_id) == shop_id, col(left.connection_id) == connection_id))
    return counts


async def lock_requests(session: AsyncSession, shop_id: UUID) -> None:
    """Wait until no other transaction exports or erases in the shop, and make others wait until this one ends: an
    export that was gathered while the person is being erased would outlive the erasure."""
    await session.exec(select(func.pg_advisory_xact_lock(func.hashtextextended(f"privacy:{shop_id}", 0))))


async def is_done(session: AsyncSession, shop_id: UUID, request_id: UUID) -> bool:
    """Whether a request was done already; takes the lock of `lock_requests` first."""
    await lock_requests(session, shop_id)
    request = PrivacyRequestRow
    query = select(request.id).where(request.shop_id == shop_id, request.id == request_id)
    return (await session.exec(query)).first() is not None


async def add_request(session: AsyncSession, shop_id: UUID, request: PrivacyRequestRow) -> None:
    """Store a request that is done, in the transaction that did it."""
    assert request.shop_id == shop_id
    session.add(request)
    await session.flush()


async def list_requests(session: AsyncSession, shop_id: UUID) -> Sequence[PrivacyRequestRow]:
    """The newest requests, newest first, without their exports."""
    request = PrivacyRequestRow
    query = (
        select(request)
        .options(defer(cast(QueryableAttribute[bytes], request.export)))
        .where(request.shop_id == shop_id)
        .order_by(col(request.id).desc())
        .limit(MAX_RECORDS)
    )
    return (await session.exec(query)).all()


async def find_export(session: AsyncSession, shop_id: UUID, request_id: UUID) -> bytes | None:
    """The sealed export of a request."""
    request = PrivacyRequestRow
    query = select(request.export).where(request.shop_id == shop_id, request.id == request_id)
    return (await session.exec(query)).first()


async def _count_deleted(session: AsyncSession, statement: Delete) -> int:
    return (await session.exec(statement, execution_options={"synchronize_session": False})).rowcount
