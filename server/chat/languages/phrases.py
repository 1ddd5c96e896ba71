"""What Aisle says in its own words: one typed record a language, read once from its `phrases.toml`.

Placeholders stand in curly braces. Product and policy texts are quoted from the shop and are not in here.
"""

from msgspec import Struct

from server.languages import language_of_locale, load_records


class Phrases(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language. Figures come only through placeholders, so that each can be checked against a source."""

    # the conversation
    greeting: str
    this_shop: str
    """Stands for the name of a shop that has none."""
    hello: str
    thanks: str
    goodbye: str
    identity: str
    off_topic: str
    nonsense: str
    go_ahead: str
    declined: str
    unknown: str
    upset: str
    cannot_see: str
    offer_human: str
    no_pictures: str
    unavailable: str
    answer_broken: str
    reply_subject: str
    reply_end: str
    unverified: str
    in_the_shops_words: str

    # what is being done
    searching: str
    reading: str
    looking_up: str
    looking_up_orders: str
    still_looking: str
    asking_staff: str

    # questions to ask next, in the shopper's voice
    ask_find: str
    ask_returns: str
    ask_shipping: str
    ask_track: str
    ask_human: str
    ask_compare: str
    ask_details: str
    ask_stock: str
    ask_cheapest: str

    # products
    found: str
    found_one: str
    found_cheapest: str
    found_dearest: str
    found_unpriced: str
    why: str
    others: str
    other_one: str
    sold_out_first: str
    nothing_for: str
    nothing_found: str
    not_exactly: str
    not_sold: str
    nothing_in_budget: str
    nothing_cheaper: str
    nothing_in_stock: str
    nearest: str
    price_is: str
    price_was: str
    price_from: str
    no_price: str
    attribute: str
    page_says: str
    does_not_say: str
    about: str
    comes_in: str
    which_product: str

    # comparison
    compare: str
    compare_line: str
    in_stock: str
    on_backorder: str
    sold_out: str
    cheaper: str
    lighter: str
    heavier: str
    larger: str
    smaller: str
    warmer: str
    most: str
    same_price: str
    compare_needs_two: str
    not_in_catalog: str

    # stock
    stock_yes: str
    stock_no: str
    stock_backorder: str
    stock_variant_yes: str
    stock_variant_no: str
    stock_count: str
    stock_others: str
    no_such_variant: str

    # orders
    order_pending: str
    order_payment_failed: str
    order_on_hold: str
    order_processing: str
    order_preorder: str
    order_partially_shipped: str
    order_shipped: str
    order_out_for_delivery: str
    order_ready_for_pickup: str
    order_delivery_failed: str
    order_delivered: str
    order_completed: str
    order_download_ready: str
    order_return_in_progress: str
    order_returned: str
    order_partially_refunded: str
    order_refunded: str
    order_cancelled: str
    order_unknown: str
    order_labelled: str
    order_placed: str
    order_expected: str
    order_was_delivered: str
    order_items: str
    order_available_from: str
    order_parcel: str
    order_tracking: str
    order_refund: str
    order_total: str
    order_more_with_code: str
    order_items_hidden: str
    order_total_hidden: str
    orders_listed: str
    orders_line: str
    orders_none: str
    ask_order_number: str
    ask_order_proof: str
    proof_refused: str
    proof_locked: str
    orders_down: str
    orders_not_connected: str
    cannot_change: str
    offer_change: str

    # staff
    human_requested: str
    human_waiting: str
    email_kept: str
    contact_email: str
    contact_phone: str
    # how sure an answer is, and what a product is not for
    unsure_product: str
    unsure_policy: str
    yes_page_says: str
    no_page_says: str
    not_for: str
    not_stated_ask_first: str
    left_out_unfit: str
    nothing_without: str
    wish_unconfirmed: str
    both_answers: str

    # what the shop has
    no_such_choice: str
    none_in_colour: str
    filtered: str
    categories: str
    best_sellers_unknown: str
    new_in: str
    on_sale: str
    nothing_on_sale: str
    was_price: str

    # one-time codes
    code_which_order: str
    code_sent: str
    code_again: str
    code_too_soon: str
    code_limit: str
    code_wrong: str
    code_accepted: str
    code_not_expected: str
    code_unavailable: str

    # safety
    crisis: str
    crisis_line: str
    crisis_line_unknown: str
    medical: str
    medical_urgent: str
    page_warns: str
    legal: str
    dangerous: str

    # the language, the team
    answers_in_language: str
    team_can_help: str
    sorry_trouble: str


ALL_PHRASES = load_records("phrases.toml", Phrases)
"""The phrases by language."""


def phrases_for(locale: str) -> Phrases:
    """The phrases for a locale such as "fr-CA"; English for languages that Aisle does not speak."""
    return ALL_PHRASES[language_of_locale(locale)]


def phrase(name: str, locale: str, /, **values: str) -> str:
    """One phrase by its name, filled in. Raises AttributeError for a name that is no phrase."""
    text: str = getattr(phrases_for(locale), name)
    return text.format(**values)
