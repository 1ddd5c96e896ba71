<?php
/**
 * The assistant on the storefront.
 *
 * @package Aisle
 */

defined( 'ABSPATH' ) || exit;

/**
 * Puts the loader on every page of the storefront, tells it which product is looked at, and lets it fill the cart.
 */
class Aisle_Storefront {

	const LOADER   = 'aisle-loader';
	const IDENTITY = 'aisle-identity';
	const CART     = 'aisle-cart';

	/**
	 * The settings.
	 *
	 * @var Aisle_Options
	 */
	private $options;

	/**
	 * Takes the settings.
	 *
	 * @param Aisle_Options $options The settings.
	 */
	public function __construct( Aisle_Options $options ) {
		$this->options = $options;
	}

	/**
	 * Hooks into WordPress.
	 */
	public function register() {
		add_action( 'wp_enqueue_scripts', array( $this, 'enqueue' ) );
		add_filter( 'script_loader_tag', array( $this, 'add_attributes' ), 10, 2 );
	}

	/**
	 * Adds the scripts.
	 */
	public function enqueue() {
		if ( ! $this->options->is_ready() ) {
			return;
		}
		// No version in the address: Aisle's own headers say how long the loader is good for.
		wp_enqueue_script( self::LOADER, $this->options->get( 'address' ) . '/widget.js', array(), null, true ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion
		if ( function_exists( 'is_product' ) && is_product() ) {
			$context = wp_json_encode( array( 'product_id' => (string) get_queried_object_id() ) );
			wp_add_inline_script( self::LOADER, '(window.Aisle=window.Aisle||[]).push(["context",' . $context . ']);', 'before' );
		}
		wp_enqueue_script( self::CART, plugins_url( 'assets/cart.js', AISLE_FILE ), array(), AISLE_VERSION, true );
		if ( is_user_logged_in() && '' !== $this->options->get( 'identity_secret' ) ) {
			// The page may be cached, so it holds nobody's name: the script asks who is signed in.
			wp_enqueue_script( self::IDENTITY, plugins_url( 'assets/identity.js', AISLE_FILE ), array(), AISLE_VERSION, true );
		}
	}

	/**
	 * The attributes that the loader reads.
	 *
	 * @param string $tag    The script's HTML.
	 * @param string $handle Whose it is.
	 * @return string
	 */
	public function add_attributes( $tag, $handle ) {
		if ( self::LOADER === $handle ) {
			$attributes = array(
				'data-key'      => $this->options->get( 'key' ),
				'data-position' => 'left' === $this->options->get( 'position' ) ? 'left' : '',
				'data-accent'   => $this->options->get( 'accent' ),
			);
			return $this->with( $tag, self::LOADER, $attributes );
		}
		if ( self::CART === $handle ) {
			$attributes = array(
				'data-aisle-store' => rest_url( 'wc/store/v1/cart' ),
				'data-aisle-home'  => home_url( '/' ),
			);
			return $this->with( $tag, self::CART, $attributes );
		}
		if ( self::IDENTITY === $handle ) {
			return $this->with( $tag, self::IDENTITY, array( 'data-aisle-customer' => WC_AJAX::get_endpoint( Aisle_Identity::ACTION ) ) );
		}
		return $tag;
	}

	/**
	 * The tag with attributes, empty ones left out. A tag may come with inline scripts before and after it: only the
	 * one with the handle's own id is changed.
	 *
	 * @param string                $tag        HTML.
	 * @param string                $handle     Whose it is.
	 * @param array<string, string> $attributes Names and values.
	 * @return string
	 */
	private function with( $tag, $handle, $attributes ) {
		$html = ' async';
		foreach ( array_filter( $attributes, 'strlen' ) as $name => $value ) {
			$html .= sprintf( ' %s="%s"', $name, esc_attr( $value ) );
		}
		$pattern = '/<script(?=[^>]*\sid=(["\'])' . preg_quote( $handle, '/' ) . '-js\1)(?=[^>]*\ssrc=)/';
		return (string) preg_replace_callback(
			$pattern,
			static function ( $found ) use ( $html ) {
				return $found[0] . $html;
			},
			$tag,
			1
		);
	}
}
