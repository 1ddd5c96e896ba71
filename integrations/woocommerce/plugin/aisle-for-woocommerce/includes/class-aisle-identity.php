<?php
/**
 * Who is signed in.
 *
 * @package Aisle
 */

defined( 'ABSPATH' ) || exit;

/**
 * Tells the signed-in customer's own browser a signature that proves to Aisle who they are.
 *
 * Asked for by the page's script instead of printed into the page, so that no page cache can hand one customer's
 * signature to another. Other sites cannot read the answer: there is no CORS header, and only this customer's cookie
 * makes it.
 */
class Aisle_Identity {

	const ACTION = 'aisle_customer';

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
	 * Hooks into WooCommerce.
	 */
	public function register() {
		add_action( 'wc_ajax_' . self::ACTION, array( $this, 'answer' ) );
	}

	/**
	 * Answers with id, email and signature, or with null for nobody.
	 */
	public function answer() {
		nocache_headers();
		wp_send_json( $this->customer() );
	}

	/**
	 * The signed-in customer.
	 *
	 * @return array<string, string>|null
	 */
	public function customer() {
		$secret = $this->options->get( 'identity_secret' );
		$user   = wp_get_current_user();
		if ( '' === $secret || ! $user->exists() ) {
			return null;
		}
		$id    = (string) $user->ID;
		$email = (string) $user->user_email;
		return array(
			'id'        => $id,
			'email'     => $email,
			'signature' => self::signature( $secret, $id, $email ),
		);
	}

	/**
	 * Hex HMAC-SHA256 over the id, a newline and the lower-case e-mail address.
	 *
	 * @param string $secret The identity secret.
	 * @param string $id     The customer's id.
	 * @param string $email  The customer's e-mail address.
	 * @return string
	 */
	public static function signature( $secret, $id, $email ) {
		$email = trim( $email );
		$email = function_exists( 'mb_strtolower' ) ? mb_strtolower( $email, 'UTF-8' ) : strtolower( $email );
		return hash_hmac( 'sha256', $id . "\n" . $email, $secret );
	}
}
