// The live preview and the comforts of the branding form; saving works without this file.
(() => {
  "use strict";
  const CHECK_AFTER_MS = 150;
  const form = document.getElementById("branding");
  const preview = document.getElementById("preview");
  const state = document.getElementById("state");
  const frame = preview.querySelector("iframe");
  const stage = preview.querySelector(".stage");
  const launcher = preview.querySelector(".launcher");
  const shop = `aisle-branding:${form.dataset.shop}`;
  const written = () => new URLSearchParams(new FormData(form)).toString();
  const asLoaded = written();
  let shown = JSON.parse(preview.dataset.first);
  let timer;
  let running = false;
  let again = false;

  // rows: the empty one at the end is a pattern that a button makes rows from

  const patterns = {};
  for (const spare of form.querySelectorAll("[data-spare]")) {
    patterns[spare.dataset.row] = spare;
    spare.remove();
  }

  const addRow = (kind) => {
    const button = form.querySelector(`[data-add="${kind}"]`);
    const rows = form.querySelectorAll(`[data-row="${kind}"]`);
    const used = [...rows].map((row) => Number(/\[(\d+)\]/.exec(row.querySelector("[name]").name)[1]));
    const row = patterns[kind].cloneNode(true);
    const next = `${kind}[${Math.max(-1, ...used) + 1}]`;
    for (const each of row.querySelectorAll("*")) {
      for (const { name, value } of [...each.attributes]) {
        if (value.includes(`${kind}[`)) each.setAttribute(name, value.replace(/\w+\[\d+\]/g, next));
      }
    }
    row.removeAttribute("data-spare");
    row.querySelector("legend").textContent = `${kind === "rules" ? "Rule" : "Nudge"} ${rows.length + 1}`;
    button.before(row);
    return row;
  };

  for (const button of form.querySelectorAll("[data-add]")) {
    const kind = button.dataset.add;
    button.hidden = !patterns[kind];
    button.addEventListener("click", () => addRow(kind).querySelector("input").focus());
  }

  // colours: the picker and the text say the same

  const colors = [...form.querySelectorAll("[data-picks]")];
  const usual = new Map(colors.map((picker) => [picker, picker.value]));
  const pickersFollow = () => {
    for (const picker of colors) {
      const text = form.elements[picker.dataset.picks].value.trim();
      picker.value = /^#[0-9a-f]{6}$/i.test(text) ? text : usual.get(picker);
    }
  };
  for (const picker of colors) {
    picker.hidden = false;
    picker.addEventListener("input", () => {
      form.elements[picker.dataset.picks].value = picker.value;
    });
  }

  // what the server says of the form: it alone knows the rules

  const place = (attribute, words) => {
    for (const element of form.querySelectorAll(`[${attribute}]`)) {
      const said = words[element.getAttribute(attribute)] ?? "";
      if (element.textContent !== said) element.textContent = said;
    }
  };

  const showProblems = (errors) => {
    place("data-problem-of", errors);
    for (const field of form.elements) {
      if (!field.name) continue;
      if (errors[field.name]) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };

  const say = (words) => {
    if (state && state.textContent !== words) state.textContent = words;
  };

  const chosen = (name) => preview.querySelector(`[name="${name}"]:checked`).value;

  const draw = () => {
    if (!frame) return;
    const device = chosen("device");
    const theme = chosen("mode");
    stage.dataset.device = device;
    stage.dataset.mode = theme;
    const { appearance, greeting, suggestions, locale } = shown.draft;
    const draft = { aisle: 1, type: "draft", appearance: { ...appearance, theme }, greeting, suggestions, locale, view: chosen("view") };
    stage.style.setProperty("--radius", appearance.radius === null ? "" : `${appearance.radius}px`);
    frame.contentWindow.postMessage(draft, location.origin);
    drawLauncher(shown.launcher, device, theme === "dark");
  };

  const drawLauncher = (look, device, dark) => {
    const { position, offset, hidden } = look[device];
    const icon = form.querySelector(`[value="${look.icon}"] + svg path`);
    const picture = launcher.querySelector("img");
    launcher.hidden = hidden;
    launcher.dataset.shape = look.shape;
    launcher.dataset.side = position;
    launcher.style.setProperty("--fill", dark ? look.accent_dark : look.accent);
    launcher.style.setProperty("--on-fill", dark ? look.ink_dark : look.ink);
    launcher.style.setProperty("--side", `${offset.x}px`);
    launcher.style.setProperty("--up", `${offset.y}px`);
    launcher.querySelector("path").setAttribute("d", icon.getAttribute("d"));
    launcher.querySelector("span").textContent = look.shape === "pill" ? look.label || "Chat" : "";
    picture.hidden = !look.icon_url;
    if (look.icon_url && picture.src !== look.icon_url) picture.src = look.icon_url;
  };

  const check = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    const sent = written();
    try {
      const answer = await fetch("/console/branding/check", {
        method: "POST",
        credentials: "same-origin",
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
        body: sent,
      });
      if (answer.redirected || answer.status === 401) say("You are signed out. What you typed is kept in this tab.");
      if (answer.ok && !answer.redirected) {
        shown = await answer.json();
        const count = Object.keys(shown.errors).length;
        showProblems(shown.errors);
        place("data-note-of", shown.notes);
        say(count ? `${count} ${count === 1 ? "field needs" : "fields need"} correcting` : sent === asLoaded ? "" : "Not saved yet");
        draw();
      }
    } catch {
      say("No connection. Nothing is lost; the preview updates when the connection is back.");
    }
    running = false;
    if (again) {
      again = false;
      check();
    }
  };

  // what was typed outlives a failed save, a lost connection and a sign-out, in this tab

  const keep = () => {
    try {
      const now = written();
      if (now === asLoaded) sessionStorage.removeItem(shop);
      else sessionStorage.setItem(shop, now);
    } catch {
      // no storage here: the form itself still holds it
    }
  };

  const fillIn = (text) => {
    const kept = new URLSearchParams(text);
    for (const name of kept.keys()) {
      const row = /^appearance\.(rules|nudges)\[/.exec(name);
      while (row && patterns[row[1]] && !form.elements[name]) addRow(row[1]);
    }
    for (const field of form.elements) {
      if (!field.name) continue;
      if (field.type === "checkbox") field.checked = kept.has(field.name);
      else if (field.type === "radio") field.checked = kept.get(field.name) === field.value;
      else field.value = kept.get(field.name) ?? "";
    }
    pickersFollow();
  };

  const restore = () => {
    let kept = null;
    try {
      if (document.querySelector("[data-saved]")) sessionStorage.removeItem(shop);
      kept = sessionStorage.getItem(shop);
    } catch {
      return;
    }
    if (!kept || kept === asLoaded || document.getElementById("problems")) return;
    fillIn(kept);
    document.getElementById("restored").hidden = false;
    document.getElementById("discard").addEventListener("click", () => {
      sessionStorage.removeItem(shop);
      location.replace("/console/branding");
    });
    check();
  };

  // whoever writes the first words wants to see them
  document.getElementById("first-words").addEventListener("focusin", () => {
    preview.querySelector('[value="start"]').checked = true;
    draw();
  });

  form.addEventListener("input", () => {
    pickersFollow();
    keep();
    clearTimeout(timer);
    timer = setTimeout(check, CHECK_AFTER_MS);
  });
  preview.addEventListener("change", draw);
  window.addEventListener("message", (event) => {
    if (frame && event.source === frame.contentWindow && event.origin === location.origin) draw();
  });
  frame?.addEventListener("load", draw);
  preview.hidden = false;
  if (matchMedia("(prefers-color-scheme: dark)").matches) preview.querySelector('[value="dark"]').checked = true;
  document.getElementById("problems")?.focus();
  if (!form.querySelector("fieldset").disabled) restore();
  draw();
})();
