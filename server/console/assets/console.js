// Comfort only: every page works without this file.
(() => {
  "use strict";
  document.documentElement.classList.add("with-script");

  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const isTold = document.cookie.includes(`aisle_console_zone=${zone};`) || document.cookie.endsWith(`aisle_console_zone=${zone}`);
  if (!isTold) {
    document.cookie = `aisle_console_zone=${zone}; path=/console; max-age=31536000; samesite=lax`;
    if (document.cookie.includes(`aisle_console_zone=${zone}`) && document.querySelector("time")) location.reload();
  }

  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    tab.scrollIntoView({ block: "nearest", inline: "center" }); // a phone shows some of them only
  }

  for (const form of document.querySelectorAll("[data-auto-submit]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }

  for (const field of document.querySelectorAll("[data-submit-keys]")) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) field.form.requestSubmit();
    });
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      button.textContent = "Copied";
    });
  }

  const parser = new DOMParser();

  // Takes over what is new on the server; what is open stays open, what is being typed is never touched.
  const update = (region, fresh) => {
    const open = new Set([...region.querySelectorAll("details[open]")].map((each) => each.id));
    const shut = new Set([...region.querySelectorAll("details:not([open])")].map((each) => each.id));
    for (const each of fresh.querySelectorAll("details")) {
      if (open.has(each.id)) each.open = true;
      if (shut.has(each.id)) each.open = false;
    }
    if (region.innerHTML === fresh.innerHTML || region.contains(document.activeElement)) return;
    region.replaceChildren(...fresh.childNodes);
  };

  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin" });
      if (!answer.ok || answer.redirected) return;
      const fresh = parser.parseFromString(await answer.text(), "text/html");
      for (const region of document.querySelectorAll("[data-live]")) {
        const other = fresh.getElementById(region.id);
        if (other) update(region, other);
      }
    } catch {
      // offline: the next round tries again
    }
  };

  // Who types, told both ways; a new message is fetched as soon as it is known of.
  for (const field of document.querySelectorAll("[data-typing]")) {
    let told = 0;
    field.addEventListener("input", () => {
      if (!field.value || Date.now() - told < 3000) return;
      told = Date.now();
      fetch(field.dataset.typing, { method: "POST", credentials: "same-origin" }).catch(() => {});
    });
  }

  const glancing = document.querySelector("[data-glance]");
  const typing = document.querySelector("[data-shopper-typing]");
  let known = null;
  const glance = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(glancing.dataset.glance, { credentials: "same-origin" });
      if (!answer.ok) return;
      const seen = await answer.json();
      typing.hidden = !seen.shopper_typing;
      if (known !== null && known !== seen.messages) refresh();
      known = seen.messages;
    } catch {
      // offline: the next round tries again
    }
  };
  if (glancing && typing) setInterval(glance, 3000);

  const live = document.querySelector("[data-live-every]");
  if (live) setInterval(refresh, Number(live.dataset.liveEvery) * 1000);
})();
