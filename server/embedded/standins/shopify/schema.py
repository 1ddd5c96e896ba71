"""Which schema the stand-in answers by: Shopify's published one where it is at hand (`../shared/schemas/shopify` beside
the checkout), else the part of it that our documents use, kept here. Either refuses unknown fields and enum values."""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLSchema, build_client_schema, build_schema

PUBLISHED = Path(__file__).parents[5] / "shared" / "schemas" / "shopify"
OWN = Path(__file__).with_name("admin.graphql")


def published_path(version: str) -> Path:
    """Where the published schema of a version would be."""
    return PUBLISHED / f"admin_{version}.json.gz"


def published_file(path: Path) -> dict[str, Any]:
    """`data` is the introspection; those of the Admin API have `offline_scopes` as well."""
    with gzip.open(path) as file:
        return dict(json.load(file))


@cache
def published(version: str) -> dict[str, Any]:
    """The published file of the Admin API."""
    return published_file(published_path(version))


@cache
def published_schema(version: str) -> GraphQLSchema:
    """About a second and 90 MB the first time."""
    return build_client_schema(published(version)["data"], assume_valid=True)


@cache
def own_schema() -> GraphQLSchema:
    """The kept part."""
    return build_schema(OWN.read_text(encoding="utf-8"))


def find_schema(version: str) -> GraphQLSchema:
    """The published schema where there is one."""
    return published_schema(version) if published_path(version).exists() else own_schema()
