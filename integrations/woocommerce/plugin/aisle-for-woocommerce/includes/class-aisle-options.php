<?php
/**
 * What the merchant has set.
 *
 * @package Aisle
 */

defined( 'ABSPATH' ) || exit;

/**
 * Reads the plugin's one option, and cleans what is about to be saved.
 */
class Aisle_Options {

	const NAME = 'aisle_options';

	const DEFAULTS = array(
		'address'         => '',
		'key'             => '',
		'identity_secret' => '',
		'position'        => 'right',
		'accent'          => '',
	);

	/**
	 * One setting.
	 *
	 * @param string $name A key of DEFAULTS.
	 * @return string Never null; empty where nothing is set.
	 */
	public function get( $name ) {
		$saved = get_option( self::NAME, array() );
		$saved = is_array( $saved ) ? $saved : array();
		return isset( $saved[ $name ] ) && is_string( $saved[ $name ] ) ? $saved[ $name ] : self::DEFAULTS[ $name ];
	}

	/**
	 * Whether the assistant can be shown.
	 *
	 * @return bool
	 */
	public function is_ready() {
		return '' !== $this->get( 'address' ) && '' !== $this->get( 'key' );
	}

	/**
	 * What is saved of a submitted form. What is wrong keeps its old value and is said.
	 *
	 * @param mixed $given The form.
	 * @return array<string, string>
	 */
	public function clean( $given ) {
		$given = is_array( $given ) ? $given : array();
		$kept  = array();
		foreach ( array_keys( self::DEFAULTS ) as $name ) {
			$value         = isset( $given[ $name ] ) && is_string( $given[ $name ] ) ? trim( $given[ $name ] ) : '';
			$kept[ $name ] = $this->clean_one( $name, $value );
		}
		return $kept;
	}

	/**
	 * One value, cleaned.
	 *
	 * @param string $name  A key of DEFAULTS.
	 * @param string $value As submitted.
	 * @return string
	 */
	private function clean_one( $name, $value ) {
		switch ( $name ) {
			case 'address':
				return $this->clean_address( $value );
			case 'key':
				$is_key = '' === $value || preg_match( '/^pk_[A-Za-z0-9_-]{1,200}$/', $value );
				return $is_key ? $value : $this->refuse( $name, __( 'The publishable key starts with pk_.', 'aisle-for-woocommerce' ) );
			case 'identity_secret':
				// The field comes back empty unless a new secret was typed: it is never printed into the page.
				return '' === $value ? $this->get( $name ) : sanitize_text_field( $value );
			case 'position':
				return 'left' === $value ? 'left' : 'right';
			default:
				$colour = '' === $value ? '' : sanitize_hex_color( $value );
				return null === $colour ? $this->refuse( $name, __( 'The colour is written like #2f6f4f.', 'aisle-for-woocommerce' ) ) : $colour;
		}
	}

	/**
	 * An https address (http on this machine), without a slash at its end.
	 *
	 * @param string $value As submitted.
	 * @return string
	 */
	private function clean_address( $value ) {
		if ( '' === $value ) {
			return '';
		}
		$url   = esc_url_raw( untrailingslashit( $value ), array( 'https', 'http' ) );
		$parts = wp_parse_url( $url );
		$host  = is_array( $parts ) && isset( $parts['host'] ) ? $parts['host'] : '';
		$local = in_array( $host, array( 'localhost', '127.0.0.1' ), true );
		if ( '' === $host || isset( $parts['user'] ) || isset( $parts['query'] ) || ( 'https' !== $parts['scheme'] && ! $local ) ) {
			return $this->refuse( 'address', __( 'The Aisle address is written like https://aisle.example.', 'aisle-for-woocommerce' ) );
		}
		return $url;
	}

	/**
	 * Says what is wrong and keeps what was.
	 *
	 * @param string $name    A key of DEFAULTS.
	 * @param string $message For the merchant.
	 * @return string
	 */
	private function refuse( $name, $message ) {
		add_settings_error( self::NAME, 'aisle_' . $name, $message );
		return $this->get( $name );
	}
}
