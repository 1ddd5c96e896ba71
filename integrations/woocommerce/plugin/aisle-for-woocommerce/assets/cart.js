/** Puts what the shopper asks for in the chat into the cart, and tells the page's own carts to look again. */
(function () {
  "use strict";
  var tag = document.currentScript;
  var store = tag && tag.getAttribute("data-aisle-store");
  var home = tag && tag.getAttribute("data-aisle-home");
  if (!store || !window.fetch) return;

  /** Asked for each time: a nonce printed into a page that is cached would be somebody else's, or old. */
  async function nonce() {
    var answer = await fetch(store, { credentials: "same-origin", cache: "no-store" });
    return answer.ok ? answer.headers.get("Nonce") : null;
  }

  /** Shops that shut the Store API still have the address that every theme's buttons use. */
  async function addByAddress(id, quantity) {
    var separator = home.indexOf("?") < 0 ? "?" : "&";
    var answer = await fetch(home + separator + "add-to-cart=" + id + "&quantity=" + quantity, { credentials: "same-origin", cache: "no-store" });
    if (!answer.ok) return false;
    var page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return !page.querySelector(".woocommerce-error, .wc-block-components-notice-banner.is-error");
  }

  /** WooCommerce writes its messages as HTML: &quot; for a quotation mark, links around names. */
  function plain(html) {
    return new DOMParser().parseFromString(html, "text/html").body.textContent.trim();
  }

  async function addByStoreApi(proof, id, quantity) {
    var answer = await fetch(store + "/add-item", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Nonce: proof },
      body: JSON.stringify({ id: id, quantity: quantity }),
    });
    if (answer.ok) return true;
    var told = await answer.json().catch(function () {
      return {};
    });
    throw new Error(typeof told.message === "string" ? plain(told.message) : "");
  }

  function announce() {
    document.body.dispatchEvent(new CustomEvent("wc-blocks_added_to_cart", { bubbles: true, detail: { preserveCartData: false } }));
    if (window.jQuery) window.jQuery(document.body).trigger("wc_fragment_refresh");
  }

  async function addToCart(line) {
    var id = Number(line.variant_id || line.product_id);
    if (!Number.isInteger(id) || id <= 0) return false;
    var proof = await nonce();
    var added = proof ? await addByStoreApi(proof, id, line.quantity) : await addByAddress(id, line.quantity);
    if (added) announce();
    return added;
  }

  (window.Aisle = window.Aisle || []).push(["on", "add_to_cart", addToCart]);
})();
