<?php
/**
 * Leaves nothing behind.
 *
 * @package Aisle
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

delete_option( 'aisle_options' );
