"""The tools of a dry run: they find what a shopper's would find, and act for nobody."""

from server.chat.models import HandoffResult, OrderAnswer
from server.chat.tools.toolbox import ShopToolbox
from server.knowledge.evidence import Evidence
from server.knowledge.search import Hit
from server.orders.models import ProofNeeded

METHODS = ("email", "postcode")


class DryToolbox(ShopToolbox):
    """No order is looked up, no code is mailed, and nobody is called: the answer is what a stranger reads first."""

    async def request_code(self, order_number: str) -> bool:
        """None is sent."""
        return False

    async def verify_code(self, order_number: str, code: str) -> bool:
        """None is right."""
        return False

    async def order_status(self, order_number: str | None) -> OrderAnswer:
        """A proof is asked for, as of anybody who has given none."""
        return OrderAnswer(outcome=ProofNeeded(order_number=order_number, methods=METHODS))

    async def prove(
        self, order_number: str, *, email: str | None = None, postcode: str | None = None, name: str | None = None
    ) -> OrderAnswer:
        """No proof is checked."""
        return OrderAnswer(outcome=ProofNeeded(order_number=order_number, methods=METHODS))

    async def request_human(self, reason: str, email: str | None = None) -> HandoffResult:
        """Nobody is called."""
        return HandoffResult(state="requested", contact=self.question.contact)

    def list_evidence(self) -> list[Evidence]:
        """All units that were compared with the question, the best first."""
        found = {
            (each.external_id, each.unit.place, each.unit.text): each
            for units in self._evidence.values()
            for each in units
        }
        return sorted(found.values(), key=lambda each: -each.score)

    def list_hits(self) -> list[Hit]:
        """All products and passages that were found, the best first."""
        found = {hit.passage_id: hit for hits in self._searches.values() for hit in hits}
        return sorted(found.values(), key=lambda hit: -hit.score)
