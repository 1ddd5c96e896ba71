"""WooCommerce shops: trying keys, and the shop's consent page that posts them."""
