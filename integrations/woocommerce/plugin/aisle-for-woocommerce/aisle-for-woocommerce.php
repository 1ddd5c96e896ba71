<?php
/**
 * Plugin Name:          Aisle for WooCommerce
 * Description:          Puts the Aisle shop assistant on your storefront and knows your signed-in customers.
 * Version:              1.0.0
 * Requires at least:    6.2
 * Requires PHP:         7.4
 * Requires Plugins:     woocommerce
 * WC requires at least: 8.0
 * WC tested up to:      11.0
 * License:              MIT
 * License URI:          https://opensource.org/license/mit
 * Text Domain:          aisle-for-woocommerce
 *
 * @package Aisle
 */

defined( 'ABSPATH' ) || exit;

define( 'AISLE_VERSION', '1.0.0' );
define( 'AISLE_FILE', __FILE__ );

require_once __DIR__ . '/includes/class-aisle-options.php';
require_once __DIR__ . '/includes/class-aisle-settings-page.php';
require_once __DIR__ . '/includes/class-aisle-storefront.php';
require_once __DIR__ . '/includes/class-aisle-identity.php';

// We read and write no order tables ourselves and fill the cart by WooCommerce's own API, so both are safe.
add_action(
	'before_woocommerce_init',
	static function () {
		if ( class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'custom_order_tables', AISLE_FILE, true );
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( 'cart_checkout_blocks', AISLE_FILE, true );
		}
	}
);

add_action(
	'plugins_loaded',
	static function () {
		if ( ! class_exists( 'WooCommerce' ) ) {
			return;
		}
		$options = new Aisle_Options();
		( new Aisle_Settings_Page( $options ) )->register();
		( new Aisle_Storefront( $options ) )->register();
		( new Aisle_Identity( $options ) )->register();
	}
);
