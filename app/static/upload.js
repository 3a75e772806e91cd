// Uploading a form: files are dropped or chosen, several times if need be; then its check is watched. Without this file
// the same page takes the files of one choice, and the page of the check loads itself again.
"use strict";

// ---- Files. What is dropped or chosen is added to what is there; the input itself holds all of it.
const readable = (size) => (size < 1000 ? `${size} B` : size < 1e6 ? `${Math.round(size / 1000)} kB` : `${(size / 1e6).toFixed(1)} MB`);
const held = new WeakMap(); // an input's files, by input: a choice replaces what it holds

function hold(input, files) {
  const all = new DataTransfer();
  for (const file of files) all.items.add(file);
  held.set(input, [...files]);
  input.files = all.files;
  const list = $("[data-dropped]", input.closest("[data-drop]"));
  list.replaceChildren(...[...files].map((file) => {
    const line = document.createElement("li");
    const name = document.createElement("code");
    name.textContent = file.name;
    const drop = document.createElement("button");
    drop.type = "button";
    drop.className = "small";
    drop.textContent = list.dataset.sayRemove;
    drop.setAttribute("aria-label", list.dataset.sayRemoveFile.replace("{name}", () => file.name));
    drop.addEventListener("click", () => {
      hold(input, held.get(input).filter((one) => one !== file));
      input.focus();
    });
    line.append(name, ` ${readable(file.size)} `, drop);
    return line;
  }));
}

function add(input, files) {
  const names = new Set([...files].map((file) => file.name)); // a mended workbook replaces the one before
  hold(input, [...(held.get(input) || []).filter((file) => !names.has(file.name)), ...files]);
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-drop] input[type=file]")) add(event.target, event.target.files);
});
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    const area = event.target.closest?.("[data-drop]");
    if (!event.dataTransfer?.types.includes("Files") || !$("[data-drop]")) return;
    event.preventDefault(); // else a file dropped beside the field would replace the page
    for (const one of $$("[data-drop]")) one.classList.toggle("over", one === area && kind !== "drop" && kind !== "dragleave");
    if (area && kind === "drop") add($("input[type=file]", area), event.dataTransfer.files);
  });
}

document.addEventListener("saif:shown", ready);
function ready() {
  for (const hint of $$(".drop-here")) hint.hidden = false;
}
ready();
