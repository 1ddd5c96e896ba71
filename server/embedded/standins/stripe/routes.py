"""Which request does what, and which of the SDK's types its parameters are checked by."""

import re
from collections.abc import Callable

from server.embedded.standins.stripe import (
    catalog,
    changes,
    checkout,
    customers,
    dunning,
    invoices,
    meters,
    parameters,
    payments,
    portal,
    schedules,
    subscriptions,
    webhooks,
)
from server.embedded.standins.stripe.faults import Fault
from server.embedded.standins.stripe.listing import expanded
from server.embedded.standins.stripe.store import Object, Store

Handler = Callable[..., Object]

_TABLE: list[tuple[str, str, Handler, str]] = [
    ("POST", "/v1/products", catalog.create_product, "ProductCreateParams"),
    ("GET", "/v1/products/{id}", catalog.get_product, "ProductRetrieveParams"),
    ("POST", "/v1/prices", catalog.create_price, "PriceCreateParams"),
    ("GET", "/v1/prices", catalog.list_prices, "PriceListParams"),
    ("GET", "/v1/prices/{id}", catalog.get_price, "PriceRetrieveParams"),
    ("POST", "/v1/prices/{id}", catalog.update_price, "PriceUpdateParams"),
    ("POST", "/v1/coupons", catalog.create_coupon, "CouponCreateParams"),
    ("POST", "/v1/promotion_codes", catalog.create_promotion_code, "PromotionCodeCreateParams"),
    ("GET", "/v1/promotion_codes", catalog.list_promotion_codes, "PromotionCodeListParams"),
    ("POST", "/v1/customers", customers.create_customer, "CustomerCreateParams"),
    ("GET", "/v1/customers", customers.list_customers, "CustomerListParams"),
    ("GET", "/v1/customers/{id}", customers.get_customer, "CustomerRetrieveParams"),
    ("POST", "/v1/customers/{id}", customers.update_customer, "CustomerUpdateParams"),
    ("GET", "/v1/customers/{id}/payment_methods", customers.list_payment_methods, "CustomerPaymentMethodListParams"),
    ("POST", "/v1/payment_methods", customers.create_payment_method, "PaymentMethodCreateParams"),
    ("GET", "/v1/payment_methods", customers.list_payment_methods, "PaymentMethodListParams"),
    ("POST", "/v1/payment_methods/{id}/attach", customers.attach, "PaymentMethodAttachParams"),
    ("POST", "/v1/payment_methods/{id}/detach", customers.detach, "PaymentMethodDetachParams"),
    ("POST", "/v1/checkout/sessions", checkout.create, "checkout.SessionCreateParams"),
    ("GET", "/v1/checkout/sessions", checkout.list_sessions, "checkout.SessionListParams"),
    ("GET", "/v1/checkout/sessions/{id}", checkout.get, "checkout.SessionRetrieveParams"),
    ("POST", "/v1/checkout/sessions/{id}/expire", checkout.expire, "checkout.SessionExpireParams"),
    ("GET", "/v1/checkout/sessions/{id}/line_items", checkout.list_line_items, "checkout.SessionLineItemListParams"),
    ("POST", "/v1/billing_portal/sessions", portal.create, "billing_portal.SessionCreateParams"),
    ("POST", "/v1/subscriptions", subscriptions.create, "SubscriptionCreateParams"),
    ("GET", "/v1/subscriptions", subscriptions.list_subscriptions, "SubscriptionListParams"),
    ("GET", "/v1/subscriptions/{id}", subscriptions.get, "SubscriptionRetrieveParams"),
    ("POST", "/v1/subscriptions/{id}", changes.update, "SubscriptionUpdateParams"),
    ("DELETE", "/v1/subscriptions/{id}", subscriptions.cancel, "SubscriptionCancelParams"),
    ("POST", "/v1/subscription_schedules", schedules.create, "SubscriptionScheduleCreateParams"),
    ("GET", "/v1/subscription_schedules", schedules.list_schedules, "SubscriptionScheduleListParams"),
    ("GET", "/v1/subscription_schedules/{id}", schedules.get, "SubscriptionScheduleRetrieveParams"),
    ("POST", "/v1/subscription_schedules/{id}", schedules.update, "SubscriptionScheduleUpdateParams"),
    ("POST", "/v1/subscription_schedules/{id}/release", schedules.release, "SubscriptionScheduleReleaseParams"),
    ("POST", "/v1/invoices/create_preview", changes.preview, "InvoiceCreatePreviewParams"),
    ("GET", "/v1/invoices", invoices.list_invoices, "InvoiceListParams"),
    ("GET", "/v1/invoices/{id}", invoices.get_invoice, "InvoiceRetrieveParams"),
    ("GET", "/v1/invoices/{id}/lines", invoices.list_lines, "InvoiceLineItemListParams"),
    ("POST", "/v1/invoices/{id}/pay", dunning.pay, "InvoicePayParams"),
    ("POST", "/v1/invoices/{id}/void", invoices.void_invoice, "InvoiceVoidInvoiceParams"),
    ("POST", "/v1/invoices/{id}/mark_uncollectible", invoices.mark_uncollectible, "InvoiceMarkUncollectibleParams"),
    ("GET", "/v1/invoice_payments", payments.list_invoice_payments, "InvoicePaymentListParams"),
    ("GET", "/v1/charges", payments.list_charges, "ChargeListParams"),
    ("GET", "/v1/charges/{id}", payments.get_charge, "ChargeRetrieveParams"),
    ("POST", "/v1/refunds", payments.create_refund, "RefundCreateParams"),
    ("GET", "/v1/refunds", payments.list_refunds, "RefundListParams"),
    ("GET", "/v1/disputes", payments.list_disputes, "DisputeListParams"),
    ("GET", "/v1/disputes/{id}", payments.get_dispute, "DisputeRetrieveParams"),
    ("POST", "/v1/billing/meters", meters.create_meter, "billing.MeterCreateParams"),
    ("GET", "/v1/billing/meters", meters.list_meters, "billing.MeterListParams"),
    ("GET", "/v1/billing/meters/{id}", meters.get_meter, "billing.MeterRetrieveParams"),
    ("GET", "/v1/billing/meters/{id}/event_summaries", meters.summaries, "billing.MeterListEventSummariesParams"),
    ("POST", "/v1/billing/meter_events", meters.create_meter_event, "billing.MeterEventCreateParams"),
    ("GET", "/v1/events", webhooks.list_events, "EventListParams"),
    ("GET", "/v1/events/{id}", webhooks.get_event, "EventRetrieveParams"),
    ("GET", "/v1/webhook_endpoints", webhooks.list_endpoints, "WebhookEndpointListParams"),
]

_PATTERNS = [
    (method, re.compile(template.replace("{id}", "([A-Za-z0-9_]+)")), handler, params)
    for method, template, handler, params in _TABLE
]


def find(method: str, path: str) -> tuple[Handler, str, tuple[str, ...]]:
    """The handler, the name of its parameters' type and the ids in the path; 404 for what Stripe, or this, has not."""
    for wanted, pattern, handler, params in _PATTERNS:
        if wanted == method and (found := pattern.fullmatch(path)):
            return handler, params, found.groups()
    raise Fault(f"Unrecognized request URL ({method}: {path}).", status=404)


def respond(store: Store, method: str, path: str, raw: Object, create_endpoint: Handler) -> Object:
    """Checks, does, expands."""
    if (method, path) == ("POST", "/v1/webhook_endpoints"):
        endpoint = create_endpoint(parameters.read("WebhookEndpointCreateParams", raw))
        return {**endpoint, "secret": store.note(endpoint["id"])["secrets"][0]}
    handler, type_name, ids = find(method, path)
    params = parameters.read(type_name, raw)
    return expanded(store, handler(store, params, *ids), params.get("expand", []))
