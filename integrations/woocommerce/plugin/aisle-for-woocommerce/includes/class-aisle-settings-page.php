<?php
/**
 * WooCommerce > Aisle.
 *
 * @package Aisle
 */

defined( 'ABSPATH' ) || exit;

/**
 * The settings page. The Settings API checks the nonce; who may manage WooCommerce may use it.
 */
class Aisle_Settings_Page {

	const CAPABILITY = 'manage_woocommerce';
	const GROUP      = 'aisle';
	const SLUG       = 'aisle-for-woocommerce';

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
		add_action( 'admin_menu', array( $this, 'add_page' ) );
		add_action( 'admin_init', array( $this, 'register_setting' ) );
		add_filter( 'option_page_capability_' . self::GROUP, array( $this, 'capability' ) );
		add_filter( 'plugin_action_links_' . plugin_basename( AISLE_FILE ), array( $this, 'add_link' ) );
	}

	/**
	 * Who may save.
	 *
	 * @return string
	 */
	public function capability() {
		return self::CAPABILITY;
	}

	/**
	 * Adds the page to WooCommerce's menu.
	 */
	public function add_page() {
		add_submenu_page(
			'woocommerce',
			__( 'Aisle', 'aisle-for-woocommerce' ),
			__( 'Aisle', 'aisle-for-woocommerce' ),
			self::CAPABILITY,
			self::SLUG,
			array( $this, 'show' )
		);
	}

	/**
	 * Tells WordPress how to clean and keep what the form sends.
	 */
	public function register_setting() {
		register_setting(
			self::GROUP,
			Aisle_Options::NAME,
			array(
				'type'              => 'array',
				'default'           => Aisle_Options::DEFAULTS,
				'sanitize_callback' => array( $this->options, 'clean' ),
				'show_in_rest'      => false,
			)
		);
	}

	/**
	 * A link to the page in the list of plugins.
	 *
	 * @param string[] $links The links there are.
	 * @return string[]
	 */
	public function add_link( $links ) {
		$url = admin_url( 'admin.php?page=' . self::SLUG );
		array_unshift( $links, '<a href="' . esc_url( $url ) . '">' . esc_html__( 'Settings', 'aisle-for-woocommerce' ) . '</a>' );
		return $links;
	}

	/**
	 * Prints the page.
	 */
	public function show() {
		if ( ! current_user_can( self::CAPABILITY ) ) {
			return;
		}
		?>
		<div class="wrap">
			<h1><?php esc_html_e( 'Aisle', 'aisle-for-woocommerce' ); ?></h1>
			<?php settings_errors( Aisle_Options::NAME ); ?>
			<form action="options.php" method="post">
				<?php settings_fields( self::GROUP ); ?>
				<table class="form-table" role="presentation">
					<?php
					$this->row( 'address', __( 'Aisle address', 'aisle-for-woocommerce' ), 'url', __( 'Where your Aisle runs, such as https://aisle.example.', 'aisle-for-woocommerce' ) );
					$this->row( 'key', __( 'Publishable key', 'aisle-for-woocommerce' ), 'text', __( 'Starts with pk_. You find it in the Aisle console.', 'aisle-for-woocommerce' ) );
					$this->row( 'identity_secret', __( 'Identity secret', 'aisle-for-woocommerce' ), 'password', $this->secret_hint() );
					$this->position_row();
					$this->row( 'accent', __( 'Button colour', 'aisle-for-woocommerce' ), 'text', __( 'Such as #2f6f4f. Empty for the colour set in Aisle.', 'aisle-for-woocommerce' ) );
					?>
				</table>
				<?php submit_button(); ?>
			</form>
			<?php $this->show_connect(); ?>
		</div>
		<?php
	}

	/**
	 * Where to go so that Aisle may read the catalog and look up orders.
	 *
	 * @return string
	 */
	public function connect_url() {
		return $this->options->get( 'address' ) . '/integrations/woocommerce/start?url=' . rawurlencode( home_url() );
	}

	/**
	 * The button that connects, once there is an address to go to.
	 */
	private function show_connect() {
		echo '<h2>' . esc_html__( 'Products and orders', 'aisle-for-woocommerce' ) . '</h2>';
		if ( '' === $this->options->get( 'address' ) ) {
			echo '<p>' . esc_html__( 'Save the Aisle address first.', 'aisle-for-woocommerce' ) . '</p>';
			return;
		}
		echo '<p>' . esc_html__( 'Let Aisle read your catalog and look up orders. WooCommerce asks you to agree.', 'aisle-for-woocommerce' ) . '</p>';
		printf(
			'<p><a class="button button-primary" target="_blank" rel="noopener" href="%s">%s</a></p>',
			esc_url( $this->connect_url() ),
			esc_html__( 'Connect this shop', 'aisle-for-woocommerce' )
		);
	}

	/**
	 * One line of the form.
	 *
	 * @param string $name  A setting.
	 * @param string $label Its name for people.
	 * @param string $type  The input's type.
	 * @param string $hint  What to type.
	 */
	private function row( $name, $label, $type, $hint ) {
		$value = 'password' === $type ? '' : $this->options->get( $name );
		?>
		<tr>
			<th scope="row"><label for="aisle-<?php echo esc_attr( $name ); ?>"><?php echo esc_html( $label ); ?></label></th>
			<td>
				<input
					class="regular-text"
					id="aisle-<?php echo esc_attr( $name ); ?>"
					name="<?php echo esc_attr( Aisle_Options::NAME . '[' . $name . ']' ); ?>"
					type="<?php echo esc_attr( $type ); ?>"
					value="<?php echo esc_attr( $value ); ?>"
					autocomplete="off"
				>
				<p class="description"><?php echo esc_html( $hint ); ?></p>
			</td>
		</tr>
		<?php
	}

	/**
	 * The choice of sides.
	 */
	private function position_row() {
		$chosen = $this->options->get( 'position' );
		?>
		<tr>
			<th scope="row"><label for="aisle-position"><?php esc_html_e( 'Position', 'aisle-for-woocommerce' ); ?></label></th>
			<td>
				<select id="aisle-position" name="<?php echo esc_attr( Aisle_Options::NAME . '[position]' ); ?>">
					<option value="right" <?php selected( $chosen, 'right' ); ?>><?php esc_html_e( 'Right', 'aisle-for-woocommerce' ); ?></option>
					<option value="left" <?php selected( $chosen, 'left' ); ?>><?php esc_html_e( 'Left', 'aisle-for-woocommerce' ); ?></option>
				</select>
			</td>
		</tr>
		<?php
	}

	/**
	 * Whether a secret is kept.
	 *
	 * @return string
	 */
	private function secret_hint() {
		if ( '' !== $this->options->get( 'identity_secret' ) ) {
			return __( 'Saved. Type a new one to replace it.', 'aisle-for-woocommerce' );
		}
		return __( 'From the Aisle console. With it, signed-in customers see their orders without a code.', 'aisle-for-woocommerce' );
	}
}
