"""One shop of the stand-in: its data, what its app may read, how it answers and how it fails."""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import Iterable
from typing import Any

import httpx
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute, parse, validate

from server.embedded.standins.shopify.bulk import Operation
from server.embedded.standins.shopify.cost import Bucket, Cost
from server.embedded.standins.shopify.customers import Accounts
from server.embedded.standins.shopify.nodes import Guarded, Many
from server.embedded.standins.shopify.records import STORE_URL
from server.embedded.standins.shopify.search import match_orders, match_products
from server.embedded.standins.shopify.signing import body_signature
from server.embedded.standins.shopify.tokens import Tokens

SCOPES = {
    "read_products",
    "read_inventory",
    "read_orders",
    "read_customers",
    "read_fulfillments",
    "read_merchant_managed_fulfillment_orders",
    "read_third_party_fulfillment_orders",
    "read_legal_policies",
    "read_online_store_pages",
}
CUSTOMER_DATA = ("email", "customer", "billingAddress", "shippingAddress")
MAX_REQUESTED = 1000
_deliveries = itertools.count(1)


class Shop:
    """A shop in memory. Tests change it directly and send the webhook of a change with `send_webhook`."""

    def __init__(self, domain: str, base_url: str, schema: GraphQLSchema) -> None:
        self.domain, self._base_url, self._schema = domain, base_url, schema
        self._known: dict[str, tuple[DocumentNode, list[GraphQLError]]] = {}
        self.tokens = Tokens(set(SCOPES))
        self.accounts = Accounts(f"{base_url}/{domain}")
        self.bucket = Bucket()
        self.throttled_status = 200
        self.approved_for_customer_data = True
        self.products: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.policies: list[dict[str, Any]] = []
        self.pages: list[dict[str, Any]] = []
        self.subscriptions: dict[str, dict[str, Any]] = {}
        self.operations: dict[str, Operation] = {}
        self.bulk_looks, self.bulk_outcome = 2, "COMPLETED"
        self.refused_topics: set[str] = set()
        self.failures: deque[str] = deque()
        self.requests: deque[dict[str, Any]] = deque(maxlen=2_000)
        self.throttled = 0
        self.delivered: list[tuple[str, int]] = []

    def fail(self, mode: str, times: int = 1) -> None:
        """The next requests end as `mode`: a status, "html", "reset", "lost", "slow", "nonsense"."""
        self.failures.extend([mode] * times)

    def add(self, *products: dict[str, Any]) -> None:
        """Puts products in, or in their old place."""
        self.products |= {each["id"]: each for each in products}

    def place(self, *orders: dict[str, Any]) -> None:
        """Puts orders in; what a grant protects is guarded from here on."""
        for each in orders:
            guarded = {name: Guarded(each[name], self._may_see_customers) for name in CUSTOMER_DATA}
            plans = Guarded(each["fulfillmentOrders"], self._may_see_plans)
            self.orders[each["id"]] = {**each, **guarded, "fulfillmentOrders": plans}

    def uninstall(self) -> None:
        """As the merchant does in the admin."""
        self.tokens.revoke()
        self.subscriptions.clear()

    async def send_webhook(self, topic: str, body: dict[str, Any], *, secret: str | None = None) -> list[int]:
        """Send a webhook to all who subscribe to `topic`, such as `orders/updated`, and return their status codes."""
        name = topic.upper().replace("/", "_")
        targets = [each for each in self.subscriptions.values() if each["topic"] == name]
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            sent = [self._deliver(client, each, topic, body, secret) for each in targets]
            return list(await asyncio.gather(*sent))

    async def _deliver(
        self, client: httpx.AsyncClient, target: dict[str, Any], topic: str, body: dict[str, Any], secret: str | None
    ) -> int:
        fields = target["includeFields"] or list(body)
        raw = json.dumps({key: value for key, value in body.items() if key in fields}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": self.domain,
            "X-Shopify-Webhook-Id": f"delivery-{next(_deliveries)}",
            "X-Shopify-Hmac-Sha256": body_signature(raw, secret or self.tokens.secrets[0]),
        }
        response = await client.post(target["uri"], content=raw, headers=headers)
        self.delivered.append((topic, response.status_code))
        return response.status_code

    def respond(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """One GraphQL request that came with a good token: status and body."""
        document, wrong = self._checked(request["query"])
        variables = request.get("variables") or {}
        if wrong:
            return 200, {"errors": [{**each.formatted, "extensions": {"code": "undefinedField"}} for each in wrong]}
        cost = Cost(document, variables)
        requested = cost.requested()
        if requested > MAX_REQUESTED:
            return 200, _error("MAX_COST_EXCEEDED", f"Query cost is {requested}")
        if requested > self.bucket.available:
            self.throttled += 1
            return self.throttled_status, _error("THROTTLED", "Throttled") | self._cost(requested, None)
        result = self._execute(document, variables, {})
        actual = cost.actual(result.data)
        self.bucket.take(actual)
        errors = {"errors": [each.formatted for each in result.errors]} if result.errors else {}
        return 200, {"data": result.data} | errors | self._cost(requested, actual)

    def _checked(self, text: str) -> tuple[DocumentNode, list[GraphQLError]]:
        if text not in self._known:
            document = parse(text)
            self._known[text] = document, validate(self._schema, document)
        return self._known[text]

    def _execute(self, document: DocumentNode, variables: dict[str, Any], context: dict[str, Any]) -> ExecutionResult:
        result = execute(self._schema, document, self._root(), context, variables)
        assert isinstance(result, ExecutionResult)
        return result

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        told = {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": self.bucket.status()}
        return {"extensions": {"cost": told}}

    def _root(self) -> dict[str, Any]:
        return {
            "shop": {
                "url": f"https://{self.domain}",
                "primaryDomain": {"url": STORE_URL},
                "shopPolicies": Guarded(self.policies, lambda: "read_legal_policies" in self.tokens.scopes),
            },
            "pages": Guarded(Many(self.pages), lambda: "read_online_store_pages" in self.tokens.scopes),
            "products": self._find_products,
            "productsCount": lambda _, query=None, limit=10_000: {
                "count": min(limit, len(match_products(query, list(self.products.values()))))
            },
            "product": lambda _, id: self.products.get(id),
            "productVariant": lambda _, id: _with_id(self._variants(), id),
            "inventoryItem": lambda _, id: _with_id((each["inventoryItem"] for each in self._variants()), id),
            "orders": self._find_orders,
            "order": lambda _, id: self.orders.get(id),
            "bulkOperation": lambda _, id: self.operations[id].node() if id in self.operations else None,
            "bulkOperationRunQuery": self._start_bulk,
            "webhookSubscriptions": Many(list(self.subscriptions.values())),
            "webhookSubscriptionCreate": self._subscribe,
            "webhookSubscriptionDelete": self._unsubscribe,
        }

    def _find_products(self, info: Any, query: str | None = None, sortKey: str = "ID", **page: Any) -> dict[str, Any]:  # noqa: N803
        key = "updatedAt" if sortKey == "UPDATED_AT" else "legacyResourceId"
        found = match_products(query, list(self.products.values()))
        return Many(sorted(found, key=lambda each: (each[key], each["id"])))(info, **page)

    def _find_orders(self, info: Any, query: str = "", **page: Any) -> dict[str, Any]:
        found = match_orders(query, list(self.orders.values()))
        return Many(sorted(found, key=lambda each: str(each["createdAt"]), reverse=True))(info, **page)

    def _start_bulk(self, _: Any, query: str, groupObjects: bool) -> dict[str, Any]:  # noqa: N803
        result = self._execute(parse(query), {}, {"bulk": True})
        if result.errors or result.data is None:
            return {"bulkOperation": None, "userErrors": [{"field": ["query"], "message": str(result.errors)}]}
        made = Operation(result.data, self._base_url, self.bulk_looks, self.bulk_outcome)
        self.operations[made.id] = made
        return {"bulkOperation": {"id": made.id, "status": "CREATED"}, "userErrors": []}

    def _subscribe(self, _: Any, topic: str, webhookSubscription: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        if topic in self.refused_topics:
            words = "This app is not approved to subscribe to webhook topics containing protected customer data."
            return {"webhookSubscription": None, "userErrors": [{"field": ["topic"], "message": words}]}
        if any(
            each["topic"] == topic and each["uri"] == webhookSubscription["uri"] for each in self.subscriptions.values()
        ):
            words = "Address for this topic has already been taken"
            return {"webhookSubscription": None, "userErrors": [{"field": ["uri"], "message": words}]}
        gid = f"gid://shopify/WebhookSubscription/{len(self.subscriptions) + 1}{abs(hash(topic)) % 10_000}"
        fields = list(webhookSubscription.get("includeFields") or [])
        self.subscriptions[gid] = {
            "id": gid,
            "topic": topic,
            "uri": webhookSubscription["uri"],
            "includeFields": fields,
        }
        return {"webhookSubscription": self.subscriptions[gid], "userErrors": []}

    def _unsubscribe(self, _: Any, id: str) -> dict[str, Any]:
        self.subscriptions.pop(id)
        return {"deletedWebhookSubscriptionId": id, "userErrors": []}

    def _variants(self) -> Iterable[dict[str, Any]]:
        return (each for product in self.products.values() for each in product["variants"].items)

    def _may_see_customers(self) -> bool:
        return self.approved_for_customer_data

    def _may_see_plans(self) -> bool:
        return "read_merchant_managed_fulfillment_orders" in self.tokens.scopes


def _with_id(items: Iterable[dict[str, Any]], gid: str) -> dict[str, Any] | None:
    return next((each for each in items if each["id"] == gid), None)


def _error(code: str, words: str) -> dict[str, Any]:
    return {"errors": [GraphQLError(words, extensions={"code": code}).formatted]}
