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
      field.dispatchEvent(new Event("change"));
    });
  }
})();
