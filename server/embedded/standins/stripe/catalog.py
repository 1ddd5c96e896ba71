"""Products, prices, coupons and promotion codes."""

from typing import Any

from server.embedded.standins.stripe.faults import Fault, missing
from server.embedded.standins.stripe.listing import listed
from server.embedded.standins.stripe.store import Object, Store

_CODE_PREFIX = "promo"


def create_product(store: Store, params: Object) -> Object:
    return store.add(
        {
            "id": params.get("id") or store.new_id("prod"),
            "object": "product",
            "active": params.get("active", True),
            "created": store.now(),
            "default_price": None,
            "description": params.get("description"),
            "images": [],
            "livemode": False,
            "marketing_features": [],
            "metadata": params.get("metadata", {}),
            "name": params["name"],
            "tax_code": params.get("tax_code"),
            "unit_label": params.get("unit_label"),
            "updated": store.now(),
            "url": None,
        }
    )


def get_product(store: Store, params: Object, product_id: str) -> Object:
    return store.get("product", product_id)


def create_price(store: Store, params: Object) -> Object:
    """`metadata`, tiers and one-time prices are as far as Aisle needs them: not at all, not at all, kept."""
    product = params.get("product") or create_product(store, params["product_data"])["id"]
    store.get("product", product, "product")
    amount, decimal = params.get("unit_amount"), params.get("unit_amount_decimal")
    if amount is None and decimal is None:
        raise Fault("Prices must have either a `unit_amount` or `unit_amount_decimal`.", code="parameter_missing")
    lookup_key = params.get("lookup_key")
    _free_lookup_key(store, lookup_key, transfers=params.get("transfer_lookup_key", False))
    return store.add(
        {
            "id": store.new_id("price"),
            "object": "price",
            "active": params.get("active", True),
            "billing_scheme": "per_unit",
            "created": store.now(),
            "currency": params["currency"],
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": lookup_key,
            "metadata": params.get("metadata", {}),
            "nickname": params.get("nickname"),
            "product": product,
            "recurring": _recurring(store, params.get("recurring")),
            "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "recurring" if "recurring" in params else "one_time",
            "unit_amount": amount if amount is not None else _whole(decimal),
            "unit_amount_decimal": str(decimal if decimal is not None else amount),
        }
    )


def _recurring(store: Store, given: Object | None) -> Object | None:
    if given is None:
        return None
    usage, meter = given.get("usage_type", "licensed"), given.get("meter")
    if usage == "metered" and meter is None:
        raise Fault("Metered prices must be backed by a meter.", param="recurring[meter]")
    if meter is not None:
        store.get("billing.meter", meter, "recurring[meter]")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": meter,
        "trial_period_days": None,
        "usage_type": usage,
    }


def _whole(decimal: Any) -> int | None:
    return int(decimal) if str(decimal).removesuffix(".0").isdigit() else None


def _free_lookup_key(store: Store, wanted: str | None, *, transfers: bool) -> None:
    holder = next(store.where("price", lookup_key=wanted), None) if wanted else None
    if holder is None:
        return
    if not transfers:
        raise Fault(f"A price (`{holder['id']}`) already uses that lookup key.", param="lookup_key")
    holder["lookup_key"] = None


def list_prices(store: Store, params: Object) -> Object:
    rows = store.all("price")
    if (keys := params.get("lookup_keys")) is not None:
        if len(keys) > 10:
            raise Fault("You can specify up to 10 lookup_keys.", param="lookup_keys")
        rows = [each for each in rows if each["lookup_key"] in keys]
    for name in ("active", "product", "currency"):
        if name in params:
            rows = [each for each in rows if each[name] == params[name]]
    return listed("/v1/prices", rows, params)


def get_price(store: Store, params: Object, price_id: str) -> Object:
    return store.get("price", price_id)


def update_price(store: Store, params: Object, price_id: str) -> Object:
    price = store.get("price", price_id)
    if "lookup_key" in params and params["lookup_key"] != price["lookup_key"]:
        _free_lookup_key(store, params["lookup_key"], transfers=params.get("transfer_lookup_key", False))
        price["lookup_key"] = params["lookup_key"]
    price.update({name: params[name] for name in ("active", "nickname", "metadata") if name in params})
    return price


def create_coupon(store: Store, params: Object) -> Object:
    if "percent_off" not in params:
        raise Fault("This stand-in knows coupons with `percent_off` only.", param="percent_off")
    return store.add(
        {
            "id": params.get("id") or store.new_id("coupon").removeprefix("coupon_"),
            "object": "coupon",
            "amount_off": None,
            "created": store.now(),
            "currency": None,
            "duration": params.get("duration", "once"),
            "duration_in_months": params.get("duration_in_months"),
            "livemode": False,
            "max_redemptions": params.get("max_redemptions"),
            "metadata": params.get("metadata", {}),
            "name": params.get("name"),
            "percent_off": params["percent_off"],
            "redeem_by": None,
            "times_redeemed": 0,
            "valid": True,
        }
    )


def create_promotion_code(store: Store, params: Object) -> Object:
    coupon = params["promotion"]["coupon"]
    store.get("coupon", coupon, "promotion[coupon]")
    return store.add(
        {
            "id": store.new_id(_CODE_PREFIX),
            "object": "promotion_code",
            "active": params.get("active", True),
            "code": params.get("code") or store.new_id("x")[2:10].upper(),
            "created": store.now(),
            "customer": params.get("customer"),
            "customer_account": None,
            "expires_at": params.get("expires_at"),
            "livemode": False,
            "max_redemptions": params.get("max_redemptions"),
            "metadata": params.get("metadata", {}),
            "promotion": {"coupon": coupon, "type": "coupon"},
            "restrictions": {"first_time_transaction": False, "minimum_amount": None, "minimum_amount_currency": None},
            "times_redeemed": 0,
        }
    )


def list_promotion_codes(store: Store, params: Object) -> Object:
    wanted = {name: params[name] for name in ("code", "active", "customer") if name in params}
    return listed("/v1/promotion_codes", store.where("promotion_code", **wanted), params)


def usable_code(store: Store, typed: str) -> Object:
    """The promotion code a person typed, in any case; refused when it cannot be used now."""
    for code in store.where("promotion_code", active=True):
        used_up = code["max_redemptions"] is not None and code["times_redeemed"] >= code["max_redemptions"]
        over = code["expires_at"] is not None and code["expires_at"] <= store.now()
        if code["code"].lower() == typed.strip().lower() and not used_up and not over:
            return code
    raise missing("promotion_code", typed, "promotion_code")


def redeem(store: Store, code: Object, subscription: Object) -> str:
    """Gives a subscription its discount; returns the discount's id."""
    coupon = store.get("coupon", code["promotion"]["coupon"])
    code["times_redeemed"] += 1
    coupon["times_redeemed"] += 1
    discount = {
        "id": store.new_id("di"),
        "object": "discount",
        "checkout_session": None,
        "customer": subscription["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": code["id"],
        "source": {"coupon": coupon["id"], "type": "coupon"},
        "start": store.now(),
        "subscription": subscription["id"],
        "subscription_item": None,
    }
    store.add(discount)
    subscription["discounts"] = [discount["id"]]
    return str(discount["id"])
