"""Evidence: the pieces of a shop's texts that answers quote, and how they are found."""

from server.knowledge.evidence.extraction import (
    document_units,
    passage_units,
    product_text_units,
    product_units,
)
from server.knowledge.evidence.models import Evidence
from server.knowledge.evidence.page_reader import ReadUnit
from server.knowledge.evidence.unit import Unit, UnitKind, embedded_text

__all__ = (
    "Evidence",
    "ReadUnit",
    "Unit",
    "UnitKind",
    "document_units",
    "embedded_text",
    "passage_units",
    "product_text_units",
    "product_units",
)
