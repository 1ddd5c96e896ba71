"""How shops fail, as they were seen to."""

import asyncio
import time

from server.embedded.standins.woocommerce.replies import Reply, Request, data, error, page
from server.embedded.standins.woocommerce.store import Store


async def failure(store: Store, request: Request) -> Reply | None:
    """The response of a shop that fails now, or None; a slow one only waits."""
    now = store.failure
    if now is None or now.times == 0 or now.path not in request.path:
        return None
    if now.times is not None:
        now.times -= 1
    match now.mode:
        case "maintenance":
            return page(503, "<!DOCTYPE html><title>Maintenance</title>Briefly unavailable.", retry_after="600")
        case "unavailable":
            return page(503, "<html><h1>503 Service Unavailable</h1></html>")
        case "database":
            return page(500, "<!DOCTYPE html><title>Error</title>Error establishing a database connection")
        case "proxy_limit":
            return page(429, "<html><h1>429 Too Many Requests</h1></html>")
        case "rate_limit":
            reset = str(int(time.time()) + 9)
            limits = {"ratelimit_limit": "5", "ratelimit_remaining": "0", "ratelimit_reset": reset}
            told = {"code": "rate_limit_exceeded", "message": "Too many requests.", "data": {"status": 400}}
            return data(told, 400, **limits, ratelimit_retry_after="9")
        case "html":
            return page(200, "<!DOCTYPE html><title>Coming soon</title>")
        case "not_found_html":
            return page(404, "<!DOCTYPE html><title>Page not found</title>")
        case "inactive":
            return error(404, "rest_no_route", "No route was found matching the URL and request method.")
        case "wall":
            return page(403, "<!DOCTYPE html><title>Just a moment...</title>")
        case "redirect":
            return page(301, "", location="https://www.shop.example" + request.path + "?" + request.raw_query)
        case "error_without_object":
            return data({"code": "woocommerce_rest_cannot_create_order_refund", "message": "no", "data": 500}, 500)
        case "notice":
            return Reply(200, b"<br />\n<b>Warning</b>: x in <b>y.php</b>\n[]", {"content-type": "application/json"})
        case "slow":
            await asyncio.sleep(now.seconds)
            return None
        case mode:
            raise ValueError(mode)
