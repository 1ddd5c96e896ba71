"""WooCommerce: the catalog, the policies and live orders of a WordPress shop, over its REST API and webhooks.

`auth` connects a shop, `check` tries its keys, `platform` is the connected store, `webhooks` reads what it sends.
"""
