/**
 * Puts what the shopper asks for in the chat into the theme's cart, and brings the cart on the page up to date without
 * opening anything over the chat. Ajax Cart API: https://shopify.dev/docs/api/ajax/reference/cart
 */
(function () {
  "use strict";
  var MAX_SECTIONS = 5; // as many as one request may ask for
  var PREFIX = "shopify-section-";

  function root() {
    return (window.Shopify && Shopify.routes && Shopify.routes.root) || "/";
  }

  /** Sections of this page that show the cart: its count in the header, a drawer, the cart page itself. */
  function cartSections() {
    return Array.from(document.querySelectorAll('[id^="' + PREFIX + '"]'))
      .map(function (element) {
        return element.id.slice(PREFIX.length);
      })
      .filter(function (id) {
        return /cart|header/i.test(id);
      })
      .slice(0, MAX_SECTIONS);
  }

  /** Only counts and contents that both versions have, so that no open menu or script of the theme is lost. */
  function refresh(sections) {
    Object.keys(sections || {}).forEach(function (id) {
      var shown = document.getElementById(PREFIX + id);
      if (!shown || !sections[id]) return;
      var fresh = new DOMParser().parseFromString(sections[id], "text/html");
      ["#cart-icon-bubble", ".cart-count-bubble", "[data-cart-count]", "cart-drawer-items", "cart-items"].forEach(function (part) {
        var old = shown.querySelector(part);
        var next = fresh.querySelector(part);
        if (old && next) old.replaceChildren.apply(old, Array.from(next.childNodes));
      });
    });
  }

  async function addToCart(line) {
    // a product without a chosen variant cannot be added: the cart holds variants
    if (!/^\d+$/.test(line.variant_id || "")) return false;
    var wanted = { items: [{ id: Number(line.variant_id), quantity: line.quantity }], sections: cartSections(), sections_url: location.pathname };
    var answer = await fetch(root() + "cart/add.js", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(wanted),
    });
    var told = await answer.json().catch(function () {
      return {};
    });
    if (!answer.ok) throw new Error(typeof told.description === "string" ? told.description : "");
    try {
      refresh(told.sections);
    } finally {
      document.dispatchEvent(new CustomEvent("aisle:cart", { detail: line }));
    }
    return true;
  }

  (window.Aisle = window.Aisle || []).push(["on", "add_to_cart", addToCart]);
})();
