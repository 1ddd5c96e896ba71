"""OAuth 1.0a for shops that are only on plain http: WooCommerce takes keys in no other way there.

The only file that imports `woocommerce`, and of it only the signing: its requests follow redirects and never time out
where they should. It is imported with the first such shop, for it brings `requests` along.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from urllib.parse import quote

Pairs = Sequence[tuple[str, str]]


def signed(method: str, url: str, pairs: Pairs, consumer_key: str, consumer_secret: str) -> list[tuple[str, str]]:
    """The query `pairs` (lists as `status[0]`) with `oauth_*` added; good once: the shop takes no nonce twice.

    `url` is without a query. Signed with HMAC-SHA256 and now as its time; the shop allows its clock 15 minutes.
    """
    from woocommerce.oauth import OAuth

    signer = OAuth(url, consumer_key, consumer_secret, version="v3", method=method)
    # the library's own encoding leaves "/" as it is and decodes values that look encoded: PHP does neither
    signer.normalize_parameters = _twice_encoded
    query = dict(pairs) | {
        "oauth_consumer_key": consumer_key,
        "oauth_timestamp": str(signer.timestamp),
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA256",
    }
    signature: str = signer.generate_oauth_signature(dict(query), url)
    return [*query.items(), ("oauth_signature", signature)]


def _twice_encoded(params: Mapping[str, str]) -> "OrderedDict[str, str]":
    return OrderedDict((_twice(key), _twice(value)) for key, value in params.items())


def _twice(text: str) -> str:
    return quote(quote(text, safe="~"), safe="~")
