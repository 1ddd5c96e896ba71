"""Questions about an order that was just shown: what is in it, what it cost, where it is."""

import re
from enum import StrEnum


class OrderPart(StrEnum):
    """What of an order is asked about."""

    ITEMS = "items"
    TOTAL = "total"
    STATUS = "status"


_START = r"^\W*(?:(?:and|so|ok|et|und|y)\W+)?"
_ITEMS = re.compile(
    r"\bwhat(?:'s| is| was|s| are)? (?:in|inside)(?: (?:it|there|that|this|(?:the|my|that|this) (?:box|parcel|package|"
    r"order)))?\W*$|\bwhat (?:did|have) i (?:buy|bought|order\w*|get)\b|\b(?:which|what) (?:items|products|things)\b|"
    r"\b(?:list|show) (?:me )?(?:the |my )?items\b|"
    r"\b(?:qu'y a-t-il|qu'est-ce qu'il y a|il y a quoi) (?:dedans|dans)|"
    r"\bqu'(?:ai-je|est-ce que j'ai) (?:commande|achete)|"
    r"\bquels (?:articles|produits)\b|"
    r"\bwas ist (?:da |alles )?(?:drin|darin|enthalten)\b|\bwas habe ich (?:bestellt|gekauft)\b|"
    r"\bwelche (?:artikel|produkte)\b|"
    r"\bque (?:hay|lleva|contiene|trae)\b|\bque (?:pedi|compre|he pedido|he comprado)\b|\bque (?:articulos|productos)\b"
)
_TOTAL = re.compile(
    r"\bwhat did (?:it|that|this|they|i|the order) (?:all )?(?:cost|pay|spend)\b|"
    r"\bhow much (?:did|was|were|have|is|does|for) (?:it|that|this|they|i|the (?:total|order)|my order)\b|"
    rf"{_START}(?:how much|(?:what(?:'s| is| was) )?(?:the )?(?:total|price|amount|sum)(?: price| amount)?)\W*$|"
    r"\bcombien (?:ca|cela|c'etait|j'ai|ai-je|a-t-elle|elle a)\b|\bquel (?:est|etait) le (?:total|montant|prix)\b|"
    r"\bwas hat (?:es|das|sie|die bestellung) gekostet\b|\bwie ?viel (?:hat|habe|war|kostet)\b|"
    r"\bgesamt(?:preis|summe|betrag)\b|"
    r"\bcuanto (?:costo|ha costado|pague|he pagado|fue|es el total)\b|"
    r"\b(?:cual es|cual fue) el (?:total|importe|precio)\b"
)
_STATUS = re.compile(
    r"\b(?:when|where) (?:will|does|did|is|was|would) it\b|\b(?:has|is|was|did|will) it (?:been |already |yet |still )?"
    r"(?:ship\w*|sent|left|leave|arriv\w*|deliver\w*|come|on (?:its|the) way|late|here|lost|paid|refunded)\b|"
    r"\btrack it\b|"
    r"\bquand (?:va-t-elle|arrive-t-elle|elle arrive|ca arrive)\b|"
    r"\bwann (?:kommt|ist) (?:es|sie|das)\b|\bcuando llega\b"
)


def order_part(folded: str) -> OrderPart | None:
    """What of an order a message asks about; None for anything else."""
    for part, pattern in ((OrderPart.ITEMS, _ITEMS), (OrderPart.TOTAL, _TOTAL), (OrderPart.STATUS, _STATUS)):
        if pattern.search(folded):
            return part
    return None
