"""Every document against Shopify's published schemas, and our scopes against the schema's own table."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    Visitor,
    get_named_type,
    parse,
    validate,
    visit,
)
from graphql.utilities import TypeInfo, TypeInfoVisitor

from integrations.shopify import API_VERSION, SCOPES, order_queries, queries
from integrations.shopify.webhooks import TOPIC_FIELDS
from server.embedded.standins.shopify.schema import own_schema, published, published_path, published_schema

VERSIONS = ("2026-04", "2026-07", "2026-10")
DOCUMENTS = {
    name: text
    for module in (queries, order_queries)
    for name, text in vars(module).items()
    if re.fullmatch(r"[A-Z][A-Z_]*", name)
} | {"bulk_products": queries.bulk_products("""updated_at:>='2026-11-01T00:00:00Z' "quoted" """)}


def schema_of(version: str) -> GraphQLSchema:
    if not published_path(version).exists():
        pytest.skip(f"the schema of {version} is not at ../shared/schemas/shopify")
    return published_schema(version)


def test_the_pinned_version_is_one_of_those_checked() -> None:
    assert API_VERSION in VERSIONS
    assert len(DOCUMENTS) >= 17


@pytest.mark.parametrize("version", VERSIONS)
def test_every_document_is_valid(version: str) -> None:
    schema = schema_of(version)
    wrong = {name: [str(each) for each in validate(schema, parse(text))] for name, text in DOCUMENTS.items()}
    assert {name: errors for name, errors in wrong.items() if errors} == {}


def test_a_wrong_document_would_be_noticed() -> None:
    assert validate(schema_of(API_VERSION), parse("{ shop { shopPolices { id } } }"))


def test_nothing_deprecated_is_asked_for() -> None:
    schema = schema_of(API_VERSION)
    assert {f"{parent}.{field.ast}" for parent, field in used_fields(schema) if field.deprecated} == set()


class Used:
    """One field of a document: its name, whether it is deprecated, the type it leads to."""

    def __init__(self, ast: str, deprecated: bool, leads_to: str) -> None:
        self.ast, self.deprecated, self.leads_to = ast, deprecated, leads_to


def used_fields(schema: GraphQLSchema) -> Iterator[tuple[str, Used]]:
    for text in DOCUMENTS.values():
        types = TypeInfo(schema)
        found: list[tuple[str, Used]] = []
        visit(parse(text), TypeInfoVisitor(types, _Fields(types, found)))
        yield from found


class _Fields(Visitor):
    def __init__(self, types: TypeInfo, found: list[tuple[str, Used]]) -> None:
        super().__init__()
        self._types, self._found = types, found

    def enter_field(self, node: Any, *_: Any) -> None:
        parent, field = self._types.get_parent_type(), self._types.get_field_def()
        assert parent is not None
        assert field is not None
        used = Used(node.name.value, field.deprecation_reason is not None, get_named_type(field.type).name)
        self._found.append((parent.name, used))


def needs() -> dict[str, set[str]]:
    """For each type and field that a document touches: the scopes of which one is enough."""
    schema = schema_of(API_VERSION)
    table = {
        (each["typeName"], each.get("fieldName")): set(each["offlineScopes"])
        for each in published(API_VERSION)["offline_scopes"]["items"]
    }
    touched: set[tuple[str, str | None]] = {(parent, used.ast) for parent, used in used_fields(schema)}
    touched |= {(used.leads_to, None) for _, used in used_fields(schema)}
    return {f"{kind}.{field or ''}": table[kind, field] for kind, field in touched if table.get((kind, field))}


def topic_needs() -> dict[str, set[str]]:
    """For each topic we watch: the scopes of which one is enough, as its description says."""
    topics = schema_of(API_VERSION).type_map["WebhookSubscriptionTopic"]
    assert isinstance(topics, GraphQLEnumType)
    told = {topic: (topics.values[topic].description or "").partition("Requires")[2] for topic in TOPIC_FIELDS}
    return {topic: set(re.findall(r"read_\w+", words)) for topic, words in told.items() if words}


def test_our_scopes_are_enough() -> None:
    missing = {what: scopes for what, scopes in (needs() | topic_needs()).items() if not scopes & set(SCOPES)}
    assert missing == {}
    assert len(needs()) > 10


def test_no_scope_is_asked_for_without_need() -> None:
    wanted = set[str]().union(*needs().values(), *topic_needs().values())
    assert set(SCOPES) - wanted == set()


def test_the_standins_own_schema_is_part_of_the_published_one() -> None:
    real = schema_of(API_VERSION)
    for name, kept in own_schema().type_map.items():
        if name.startswith("__"):
            continue
        published_type = real.type_map[name]
        if isinstance(kept, GraphQLEnumType) and isinstance(published_type, GraphQLEnumType):
            assert set(kept.values) <= set(published_type.values), name
        if isinstance(kept, GraphQLObjectType | GraphQLInterfaceType):
            assert isinstance(published_type, GraphQLObjectType | GraphQLInterfaceType)
            for field, definition in kept.fields.items():
                assert str(published_type.fields[field].type) == str(definition.type), f"{name}.{field}"
                given = published_type.fields[field].args
                assert {key: str(each.type) for key, each in definition.args.items()} == {
                    key: str(given[key].type) for key in definition.args
                }, f"{name}.{field}"
        if isinstance(kept, GraphQLInputObjectType) and isinstance(published_type, GraphQLInputObjectType):
            assert set(kept.fields) <= set(published_type.fields), name


def test_every_document_is_valid_in_the_standins_own_schema() -> None:
    schema = own_schema()
    assert [each for text in DOCUMENTS.values() for each in validate(schema, parse(text))] == []
