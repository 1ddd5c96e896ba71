"""The tools of one turn as the engine and the model call them."""

from server.chat.tools.catalog_overview import find_extremes, find_overview
from server.chat.tools.context import ToolContext
from server.chat.tools.find_evidence import find_units
from server.chat.tools.get_product import find_product
from server.chat.tools.order_code import check_code, send_code
from server.chat.tools.order_status import check_proof, look_up_order
from server.chat.tools.request_human import request_staff
from server.chat.tools.search_catalog import find_products
from server.chat.tools.search_policies import find_passages


class ShopToolbox(ToolContext):
    """Implements `protocol.Toolbox` on a shop's services: the functions of the tools as methods of their context."""

    search_catalog = find_products
    get_product = find_product
    search_policies = find_passages
    find_evidence = find_units
    catalog_overview = find_overview
    catalog_extremes = find_extremes
    request_code = send_code
    verify_code = check_code
    order_status = look_up_order
    prove = check_proof
    request_human = request_staff
