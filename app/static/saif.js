// Progressive enhancement only: every page works without this file.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

// ---- Dialogs. A link or button with data-dialog="id" opens that dialog; without script the link leads to a page.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog && dialog.showModal) {
      event.preventDefault();
      const choice = $("[data-choice]", dialog);
      if (choice && opener.dataset.choose) choice.value = opener.dataset.choose;
      dialog.showModal();
    }
    return;
  }
  const closer = event.target.closest("[data-close]");
  if (closer?.closest("dialog")) {
    event.preventDefault();
    closer.closest("dialog").close();
  }
  if (event.target.closest("[data-print]")) window.print();
  const all = event.target.closest("[data-open-all]");
  if (all) {
    const open = all.getAttribute("aria-pressed") !== "true";
    for (const details of $$(all.dataset.openAll)) details.open = open;
    all.setAttribute("aria-pressed", String(open));
    all.textContent = open ? all.dataset.less : all.dataset.more;
  }
});

// ---- Forms. Selects marked data-submit send their form; long work shows that it goes on.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

function busy(form, on) {
  const button = $("button[type=submit], button:not([type])", form);
  if (!button) return;
  if (on) {
    button.dataset.before = button.textContent;
    button.dataset.busy = "";
    button.setAttribute("aria-disabled", "true");
    if (form.dataset.busy) button.textContent = form.dataset.busy;
  } else {
    delete button.dataset.busy;
    button.removeAttribute("aria-disabled");
    if (button.dataset.before) button.textContent = button.dataset.before;
  }
  const status = $("[data-status]", form);
  if (status) status.hidden = !on;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const choice = $("select[data-choice]", form);
  if (choice) form.action = `${form.action.split("#")[0]}#${choice.value}`; // come back to that section
  if ($("button[aria-disabled=true]", form)) {
    event.preventDefault(); // sent once already
    return;
  }
  if (form.matches("[data-upload]")) {
    event.preventDefault();
    upload(form);
  } else if (form.matches("[data-busy]")) {
    busy(form, true);
    if (form.matches("[data-download]")) {
      sessionStorage.setItem(asked, "yes");
      // A download that begins at once leaves the page where it is: the button must come back.
      setTimeout(() => busy(form, false), 4000);
    }
  }
});

window.addEventListener("pageshow", () => $$("form[data-busy]").forEach((form) => busy(form, false)));

// An upload by XMLHttpRequest, because only that tells how far it is; the answer is a page like any other.
function upload(form) {
  const progress = $("progress", form);
  const request = new XMLHttpRequest();
  busy(form, true);
  progress.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) {
      progress.max = event.total;
      progress.value = event.loaded;
      if (event.loaded === event.total) progress.removeAttribute("value"); // now the server works
    }
  });
  request.addEventListener("load", () => {
    show(new DOMParser().parseFromString(request.responseText, "text/html"), request.responseURL);
  });
  request.addEventListener("error", () => {
    busy(form, false);
    progress.hidden = true;
    const status = $("[data-status]", form);
    if (status) {
      status.hidden = false;
      status.textContent = status.dataset.sayBroken;
    }
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
}
// Another page in place of this one, as if one had gone there.
function show(page, url) {
  if (!$("main", page)) {
    location.reload();
    return;
  }
  $("main").replaceWith(document.adoptNode($("main", page)));
  swapped = true;
  document.title = page.title;
  if (url !== location.href) history.pushState(null, "", url);
  window.scrollTo(0, 0);
  const heading = $("main h1");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus();
  }
  document.dispatchEvent(new Event("saif:shown"));
}
// Going back from a page that was put in place of another one; a jump within the page fires this event too.
let swapped = false;
window.addEventListener("popstate", () => { if (swapped) location.reload(); });

// ---- A page that waits for the worker looks again, for half a minute at most.
const waiting = $("[data-reload]");
if (waiting) {
  const tries = Number(sessionStorage.getItem("saif-tries") || 0);
  if (tries < 15) {
    sessionStorage.setItem("saif-tries", String(tries + 1));
    setTimeout(() => location.reload(), 1000 * Number(waiting.dataset.reload));
  }
} else {
  sessionStorage.removeItem("saif-tries");
}

// ---- What a worker is at. The page is asked again, more seldom the longer it takes, and what it says of the progress is
// put in place of what it said before. When it is over the page is loaded again, unless somebody may be typing there.
let watched = false;
async function look(pause) {
  const here = location.href;
  if (!$("[data-watch]")) {
    watched = false;
    return;
  }
  try {
    const answer = await fetch(here, { redirect: "manual" }); // followed, it would use up the message to be shown
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const over = location.href === here && !$("[data-watch]", page);
    if (over && !$('[data-watch="stay"]')) {
      location.reload();
      return;
    }
    for (const now of location.href === here ? $$("[data-live]", page) : []) {
      const before = document.getElementById(now.id);
      if (before && before.innerHTML !== now.innerHTML) before.innerHTML = now.innerHTML;
    }
    if (over) {
      watched = false;
      return;
    }
  } catch {
    // No network for the moment: the work goes on without us.
  }
  setTimeout(look, pause, Math.min(pause * 1.2, 5000));
}
function watch() {
  if (watched || !$("[data-watch]")) return;
  watched = true;
  setTimeout(look, 300, 700);
}
watch();
document.addEventListener("saif:shown", watch);

// ---- A download that was asked for here and is ready begins by itself, once.
const asked = "saif-download";
const fetchable = $("[data-fetch]");
if (fetchable && sessionStorage.getItem(asked)) fetchable.click();
if (!$("[data-watch]")) sessionStorage.removeItem(asked);

// ---- The row of a finding scrolls in its box: show the cell at fault.
function faulty() {
  for (const cell of $$(".excerpt .faulty")) {
    const box = cell.closest(".excerpt");
    const beside = 64; // the row's number stands still, and a little of the neighbour shows that there is one
    if (cell.offsetLeft + cell.offsetWidth > box.clientWidth) box.scrollLeft = cell.offsetLeft - beside;
  }
}
faulty();
document.addEventListener("saif:shown", faulty);

// ---- On a narrow screen the navigation scrolls: show where one is.
$(".rail nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

// ---- Rows that are selected: how many, all at once, and x for the row one is in.
function selected(form) {
  const boxes = $$("[data-row] input[type=checkbox]", form);
  const some = boxes.filter((box) => box.checked).length;
  const all = $("[data-select-all]", form);
  if (all) {
    all.closest("label").hidden = false;
    all.checked = some > 0 && some === boxes.length;
    all.indeterminate = some > 0 && some < boxes.length;
  }
  const count = $("[data-selected]", form);
  if (count) count.textContent = some ? String(some) : "";
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-selecting]");
  if (!form) return;
  if (event.target.matches("[data-select-all]")) {
    for (const box of $$("[data-row] input[type=checkbox]", form)) box.checked = event.target.checked;
  }
  selected(form);
});
$$("form[data-selecting]").forEach(selected);

// ---- After "@" in a comment the people who can be told are offered, each as a button below the text.
document.addEventListener("input", (event) => {
  const box = event.target.closest("textarea[data-offers]");
  if (!box) return;
  const typed = box.value.slice(0, box.selectionStart).match(/(?:^|\s)@([^@\n]{0,40})$/u);
  const begun = typed?.[1].toLowerCase();
  const names = $$("[name=tell]", box.form)
    .map((one) => one.closest("label").textContent.trim())
    .filter((name) => typed && name.toLowerCase().startsWith(begun) && name.length > begun.length);
  const offers = document.getElementById(box.dataset.offers);
  offers.replaceChildren(...names.slice(0, 6).map((name) => {
    const offer = document.createElement("button");
    Object.assign(offer, { type: "button", className: "small", textContent: `@${name}` });
    offer.addEventListener("click", () => {
      const before = box.value.slice(0, box.selectionStart).replace(/@[^@]*$/u, `@${name} `);
      box.value = before + box.value.slice(box.selectionStart);
      offers.hidden = true;
      box.focus();
      box.setSelectionRange(before.length, before.length);
    });
    return offer;
  }));
  offers.hidden = !names.length;
});

// ---- Keyboard. Letters do nothing while somebody types or a dialog is open.
let pending = "";
function rows() {
  return $$("[data-row]").filter((row) => row.offsetParent !== null);
}
function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findLastIndex((row) => row.contains(document.activeElement)); // rows may hold rows
  const next = all[Math.min(all.length - 1, Math.max(0, at + (at < 0 && step < 0 ? 1 : step)))];
  const target = next.matches("a, summary") ? next : $("a, summary, button", next);
  target?.focus();
  next.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
  const key = event.key;
  if (pending === "g") {
    pending = "";
    const link = $(`[data-go="${CSS.escape(key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (key === "g") {
    pending = "g";
    setTimeout(() => { pending = ""; }, 1200);
  } else if (key === "/") {
    const search = $("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select?.();
    }
  } else if (key === "j" || key === "k") {
    event.preventDefault();
    move(key === "j" ? 1 : -1);
  } else if (key === "x") {
    const box = $("input[type=checkbox]", document.activeElement?.closest("[data-selecting] [data-row]") || undefined);
    if (box && box.closest("[data-row]")) box.click();
  } else if (key === "?") {
    const help = document.getElementById("shortcuts");
    if (help) {
      event.preventDefault();
      help.showModal();
    }
  }
});
