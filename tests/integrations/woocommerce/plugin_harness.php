<?php
// Runs the plugin's classes with as much of WordPress as they touch. Usage: php plugin_harness.php PLUGIN_DIR < JSON,
// {"options": saved, "form": submitted, "user": {"ID", "user_email"} or null, "tag": HTML, "handle": name}.

define( 'ABSPATH', '/' );
define( 'AISLE_FILE', $argv[1] . '/aisle-for-woocommerce.php' );
define( 'AISLE_VERSION', 'x' );

$given  = json_decode( stream_get_contents( STDIN ), true );
$errors = array();

class WC_AJAX {
	public static function get_endpoint( $name ) {
		return '/?wc-ajax=' . $name;
	}
}

class User {
	public $ID         = 0;
	public $user_email = '';
	public function exists() {
		return $this->ID > 0;
	}
}

function get_option( $name, $default ) {
	global $given;
	return $given['options'] ?? $default;
}
function add_settings_error( $group, $code, $message ) {
	global $errors;
	$errors[] = $code;
}
function wp_get_current_user() {
	global $given;
	$user = new User();
	foreach ( $given['user'] ?? array() as $field => $value ) {
		$user->$field = $value;
	}
	return $user;
}
function home_url( $path = '' ) {
	return 'https://x.example/shop' . $path;
}
function rest_url( $path ) {
	return 'https://x.example/shop/?rest_route=/' . $path;
}
function esc_attr( $text ) {
	return htmlspecialchars( $text, ENT_QUOTES );
}
function esc_url_raw( $url, $protocols ) {
	return in_array( parse_url( $url, PHP_URL_SCHEME ), $protocols, true ) ? $url : '';
}
function wp_parse_url( $url ) {
	return parse_url( $url );
}
function untrailingslashit( $text ) {
	return rtrim( $text, '/' );
}
function sanitize_text_field( $text ) {
	return trim( strip_tags( $text ) );
}
function sanitize_hex_color( $colour ) {
	return preg_match( '/^#([0-9a-f]{3}){1,2}$/i', $colour ) ? $colour : null;
}
function __( $text, $domain ) {
	return $text;
}

foreach ( array( 'options', 'settings-page', 'storefront', 'identity' ) as $part ) {
	require $argv[1] . '/includes/class-aisle-' . $part . '.php';
}

$options = new Aisle_Options();
echo json_encode(
	array(
		'cleaned'  => $options->clean( $given['form'] ?? null ),
		'errors'   => $errors,
		'customer' => ( new Aisle_Identity( $options ) )->customer(),
		'connect'  => ( new Aisle_Settings_Page( $options ) )->connect_url(),
		'tag'      => ( new Aisle_Storefront( $options ) )->add_attributes( $given['tag'] ?? '', $given['handle'] ?? '' ),
	)
);
