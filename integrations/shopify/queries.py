"""Every GraphQL document we send. What people type goes into variables, never into a document."""

import json

_PRODUCT_FACTS = """
  id
  legacyResourceId
  title
  descriptionHtml
  vendor
  productType
  tags
  status
  onlineStoreUrl
  updatedAt
  isGiftCard
  category { fullName }
  featuredMedia { preview { image { url } } }
  priceRangeV2 { minVariantPrice { currencyCode } }
"""
_VARIANT_FACTS = """
  id
  legacyResourceId
  position
  title
  sku
  barcode
  price
  compareAtPrice
  availableForSale
  inventoryPolicy
  inventoryQuantity
  inventoryItem { tracked }
  selectedOptions { name value }
"""

_PRODUCT = f"""
fragment ProductFacts on Product {{
  {_PRODUCT_FACTS}
  collections(first: 10) {{ nodes {{ id title }} }}
  variants(first: $variants) {{
    nodes {{ ...VariantFacts }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
fragment VariantFacts on ProductVariant {{ {_VARIANT_FACTS} }}
"""

PRODUCTS = f"""
query Products($first: Int!, $after: String, $search: String, $sort: ProductSortKeys!, $variants: Int!) {{
  products(first: $first, after: $after, query: $search, sortKey: $sort) {{
    nodes {{ ...ProductFacts }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_PRODUCT}
"""

PRODUCT = f"""
query OneProduct($id: ID!, $variants: Int!) {{
  product(id: $id) {{ ...ProductFacts }}
}}
{_PRODUCT}
"""

PRODUCT_VARIANTS = f"""
query MoreVariants($id: ID!, $after: String) {{
  product(id: $id) {{
    variants(first: 100, after: $after) {{
      nodes {{ {_VARIANT_FACTS} }}
      pageInfo {{ hasNextPage endCursor }}
    }}
  }}
}}
"""

PRODUCTS_COUNT = """
query ProductsCount($search: String, $limit: Int) {
  productsCount(query: $search, limit: $limit) { count }
}
"""

PRODUCT_OF_STOCK = """
query ProductOfStock($id: ID!) {
  inventoryItem(id: $id) {
    variants(first: 1) { nodes { product { id } } }
  }
}
"""

PRODUCT_OF_VARIANT = """
query ProductOfVariant($id: ID!) {
  productVariant(id: $id) { product { id } }
}
"""

BULK_START = """
mutation StartBulk($document: String!) {
  bulkOperationRunQuery(query: $document, groupObjects: false) {
    bulkOperation { id status }
    userErrors { field message }
  }
}
"""

BULK_STATE = """
query BulkState($id: ID!) {
  bulkOperation(id: $id) { id status errorCode fileSize rootObjectCount url }
}
"""

POLICIES = """
query Policies {
  shop {
    url
    primaryDomain { url }
    shopPolicies { id type title body url updatedAt }
  }
}
"""

PAGES = """
query Pages($after: String) {
  pages(first: 50, after: $after, sortKey: ID) {
    nodes { id title body handle isPublished updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

LIST_WEBHOOKS = """
query Webhooks($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    nodes { id topic uri includeFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""

CREATE_WEBHOOK = """
mutation CreateWebhook($topic: WebhookSubscriptionTopic!, $subscription: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $subscription) {
    webhookSubscription { id }
    userErrors { field message }
  }
}
"""

DELETE_WEBHOOK = """
mutation DeleteWebhook($id: ID!) {
  webhookSubscriptionDelete(id: $id) {
    deletedWebhookSubscriptionId
    userErrors { field message }
  }
}
"""


def bulk_products(search: str) -> str:
    """The document that a bulk operation runs. It takes no variables, so `search`, our own words, is quoted in."""
    return f"""
{{
  products(query: {json.dumps(search)}) {{
    edges {{
      node {{
        {_PRODUCT_FACTS}
        collections {{ edges {{ node {{ id title }} }} }}
        variants {{ edges {{ node {{ {_VARIANT_FACTS} }} }} }}
      }}
    }}
  }}
}}
"""
