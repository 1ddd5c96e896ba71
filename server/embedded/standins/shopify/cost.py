"""What a document costs: 1 point an object, 2 a connection and its items, 10 a mutation, and the bucket they leave."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode
from graphql.language.ast import SelectionNode

MUTATION = 10
CONNECTION = 2


class Cost:
    """Reads one document with its variables."""

    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))

    def requested(self) -> int:
        """As if every connection were full."""
        base = MUTATION if self._operation.operation.value == "mutation" else 0
        return base + sum(self._field(each) for each in self._fields(self._operation.selection_set))

    def actual(self, data: Any) -> int:
        """For what was found: 1 an object."""
        if isinstance(data, dict):
            return 1 + sum(map(self.actual, data.values()))
        return sum(map(self.actual, data)) if isinstance(data, list) else 0

    def _field(self, field: FieldNode) -> int:
        if field.selection_set is None:
            return 0
        inner = list(self._fields(field.selection_set))
        count = self._argument(field, "first")
        names = {each.name.value for each in inner}
        if names & {"nodes", "edges"}:
            items = sum(self._field(each) for each in inner if each.name.value in ("nodes", "edges"))
            return CONNECTION + (count or 0) * items
        return (count or 1) * (1 + sum(map(self._field, inner)))

    def _fields(self, selections: Any) -> Iterable[FieldNode]:
        each: SelectionNode
        for each in selections.selections:
            if not self._is_included(each):
                continue
            if isinstance(each, FieldNode):
                yield each
            elif isinstance(each, FragmentSpreadNode):
                yield from self._fields(self._fragments[each.name.value].selection_set)

    def _is_included(self, node: Any) -> bool:
        for directive in node.directives or ():
            if directive.name.value == "include":
                return bool(self._value(directive.arguments[0].value))
        return True

    def _argument(self, field: FieldNode, name: str) -> int | None:
        for argument in field.arguments or ():
            if argument.name.value == name:
                value = self._value(argument.value)
                return None if value is None else int(value)
        return None

    def _value(self, node: Any) -> Any:
        return self._variables.get(node.name.value) if node.kind == "variable" else node.value


class Bucket:
    """Points of one app in one shop."""

    def __init__(self, maximum: float = 2000, restore_rate: float = 100) -> None:
        self.maximum, self.restore_rate = maximum, restore_rate
        self._held, self._at = maximum, time.monotonic()

    @property
    def available(self) -> float:
        """Held now."""
        now = time.monotonic()
        self._held = min(self.maximum, self._held + (now - self._at) * self.restore_rate)
        self._at = now
        return self._held

    def take(self, points: float) -> None:
        """Spends."""
        self._held = max(0.0, self.available - points)

    def status(self) -> dict[str, float]:
        """`throttleStatus`."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available),
            "restoreRate": self.restore_rate,
        }
