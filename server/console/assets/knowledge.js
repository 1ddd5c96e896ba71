// The pages of knowledge: comfort only, every form works without this file.
(() => {
  "use strict";
  for (const each of document.querySelectorAll("[data-needs-script]")) each.hidden = false;

  for (const all of document.querySelectorAll("[data-check-all]")) {
    const boxes = [...all.form.querySelectorAll(`[name="${all.dataset.checkAll}"]`)];
    all.addEventListener("change", () => boxes.forEach((box) => (box.checked = all.checked)));
    for (const box of boxes) box.addEventListener("change", () => (all.checked = boxes.every((each) => each.checked)));
  }

  for (const button of document.querySelectorAll("[data-confirm]")) {
    button.addEventListener("click", (event) => {
      if (!confirm(button.dataset.confirm)) event.preventDefault();
    });
  }

  const problems = document.getElementById("problems");
  if (problems) problems.focus();

  // a file may be dropped anywhere on its form
  for (const form of document.querySelectorAll("[data-drop]")) {
    const field = form.querySelector('[type="file"]');
    form.addEventListener("dragover", (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
    form.addEventListener("dragleave", () => form.classList.remove("over"));
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      form.classList.remove("over");
      field.files = event.dataTransfer.files;
      if (form.dataset.upload) form.requestSubmit();
    });
  }

  const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

  // One file; why it was not taken, or nothing. While too many wait to be read it is sent again.
  const send = async (action, file, limit) => {
    if (file.size > limit) return `is larger than ${Math.floor(limit / 1048576)} MB; split it`;
    for (;;) {
      const body = new FormData();
      body.append("file", file);
      try {
        const answer = await fetch(action, { method: "POST", body, credentials: "same-origin" });
        if (answer.ok) return answer.url.includes("/uploads/") ? "" : "was not taken; sign in again";
        if (answer.status !== 429) return answer.status === 413 ? "is too large" : "was refused";
        await pause(Number(answer.headers.get("Retry-After")) || 5);
      } catch {
        return "could not be sent; is this computer online?";
      }
    }
  };

  // Many files go one by one, each with its own outcome; the page of the upload then shows how they are read.
  for (const form of document.querySelectorAll("[data-upload]")) {
    const progress = form.querySelector("progress");
    const status = form.querySelector("[data-upload-status]");
    const failures = form.querySelector("[data-upload-failures]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const files = [...form.querySelector('[type="file"]').files];
      if (!files.length) return;
      for (const button of form.querySelectorAll("button")) button.disabled = true;
      failures.replaceChildren();
      progress.hidden = false;
      progress.max = files.length;
      let taken = 0;
      for (const [index, file] of files.entries()) {
        status.textContent = `${index + 1} of ${files.length}: ${file.name}`;
        const why = await send(form.action, file, Number(form.dataset.maxBytes));
        if (why) {
          const line = document.createElement("li");
          line.textContent = `${file.name} ${why}.`;
          failures.append(line);
        } else taken += 1;
        progress.value = index + 1;
      }
      for (const button of form.querySelectorAll("button")) button.disabled = false;
      if (taken === files.length) return location.assign(form.dataset.upload);
      status.textContent = taken ? `${taken} of ${files.length} files were taken. ` : "No file was taken.";
      if (!taken) return;
      const link = document.createElement("a");
      link.href = form.dataset.upload;
      link.textContent = "See how they are read";
      status.append(link);
    });
  }
})();
