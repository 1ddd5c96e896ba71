// The storefront's own script: tells the assistant who is here and what they look at, through its public interface only.
(() => {
  const body = document.body.dataset
  const loader = document.querySelector("script[data-key]")

  // The loader is async: it may have run before this script or may still be on its way.
  const withAisle = (use) => {
    if (window.Aisle) use(window.Aisle)
    else loader.addEventListener("load", () => window.Aisle && use(window.Aisle), { once: true })
  }

  withAisle((aisle) => {
    if (body.customerId) {
      aisle.identify({ id: body.customerId, email: body.customerEmail, signature: body.customerSignature })
    }
    if (body.productId) aisle.context({ product_id: body.productId })
  })

  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => withAisle((aisle) => aisle.open()))
  }

  const note = document.querySelector("[data-ask-note]")
  for (const button of document.querySelectorAll("[data-ask]")) {
    button.addEventListener("click", async () => {
      const copied = await navigator.clipboard?.writeText(button.dataset.ask).then(() => true, () => false)
      note.textContent = copied ? `Copied: “${button.dataset.ask}”. Paste it in the chat.` : `Type in the chat: “${button.dataset.ask}”`
      withAisle((aisle) => aisle.open())
    })
  }

  const text = (selector, value) => { document.querySelector(selector).textContent = value }
  for (const input of document.querySelectorAll("input[name=variant]")) {
    input.addEventListener("change", () => {
      text(".price [data-price]", input.dataset.price)
      text(".price [data-compare]", input.dataset.compare)
      document.querySelector(".price [data-compare]").hidden = !input.dataset.compare
      text(".stock", input.dataset.stock)
      document.querySelector(".stock").classList.toggle("out", !input.dataset.available)
      text("[data-sku]", input.value)
    })
  }
})()
