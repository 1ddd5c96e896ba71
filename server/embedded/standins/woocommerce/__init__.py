"""A WooCommerce 11 shop on this machine, which answers as the real software was seen to."""
