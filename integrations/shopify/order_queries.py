"""The documents about orders. Flags leave out what an install did not grant: asking for it would cost the response."""

_ORDER = """
fragment OrderFacts on Order {
  id
  name
  processedAt
  cancelledAt
  closedAt
  displayFulfillmentStatus
  displayFinancialStatus
  returnStatus
  email @include(if: $personal)
  customer @include(if: $personal) { legacyResourceId }
  billingAddress @include(if: $personal) { name zip }
  shippingAddress @include(if: $personal) { name address1 city zip countryCodeV2 }
  totalPriceSet { presentmentMoney { amount currencyCode } }
  lineItems(first: $lines) {
    nodes {
      id
      title
      variantTitle
      sku
      quantity
      currentQuantity
      originalUnitPriceSet { presentmentMoney { amount currencyCode } }
    }
  }
  fulfillments(first: $parcels) {
    status
    displayStatus
    createdAt
    inTransitAt
    deliveredAt
    estimatedDeliveryAt
    trackingInfo(first: 3) { company number url }
    fulfillmentLineItems(first: $parcelLines) { nodes { quantity lineItem { id title } } }
  }
  refunds(first: $refunds) {
    createdAt
    processedAt
    totalRefundedSet { presentmentMoney { amount currencyCode } }
    refundLineItems(first: $parcelLines) { nodes { quantity lineItem { id title } } }
  }
  fulfillmentOrders(first: $plans) @include(if: $planned) {
    nodes {
      status
      fulfillAt
      deliveryMethod { maxDeliveryDateTime }
      lineItems(first: $parcelLines) { nodes { remainingQuantity lineItem { id } } }
    }
  }
}
"""

ORDER_NAMES = """
query OrderNames($search: String!) {
  orders(first: 50, query: $search, sortKey: CREATED_AT, reverse: true) {
    nodes { id name }
  }
}
"""

_SIZES = (
    "$personal: Boolean!, $planned: Boolean!, "
    "$lines: Int!, $parcels: Int!, $parcelLines: Int!, $refunds: Int!, $plans: Int!"
)

ORDER = f"""
query OneOrder($id: ID!, {_SIZES}) {{
  order(id: $id) {{ ...OrderFacts }}
}}
{_ORDER}
"""

CUSTOMER_ORDERS = f"""
query CustomerOrders($search: String!, $first: Int!, {_SIZES}) {{
  orders(first: $first, query: $search, sortKey: CREATED_AT, reverse: true) {{
    nodes {{ ...OrderFacts }}
  }}
}}
{_ORDER}
"""
