// The outline beside a form: fetched when the page is there, searched as one types, and the way to a question of the form.
import { text } from "./said.js";

const pane = document.querySelector("[data-outline]");
const form = document.querySelector("#form");
const $ = (selector, root = pane) => root.querySelector(selector);
const $$ = (selector, root = pane) => [...root.querySelectorAll(selector)];

async function load(language = "") {
  const answer = await fetch(`${pane.dataset.outline}?${new URLSearchParams({ language })}`).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    $("[data-waiting]").textContent = text(pane, "lost");
    return;
  }
  const sought = $("#outline-search")?.value ?? "";
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  $("[data-tree]").replaceChildren(...page.body.childNodes);
  $("[data-waiting]").hidden = true;
  $("#outline-search").value = sought;
  if (sought) find();
  if (language) $("#outline-language").focus();
}

// Every word typed must stand somewhere in what is known of a question. A group shows what it holds that was found; found
// itself, it shows all it holds.
function find() {
  const words = $("#outline-search").value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (known) => words.every((word) => known.includes(word));
  let found = 0;
  const look = (list, all) => {
    let any = false;
    for (const item of list.children) {
      const group = item.dataset.group;
      const mine = all || has(group ?? item.dataset.find);
      const shown = group === undefined ? mine : look($(":scope > details > .saif-tree", item), mine && words.length > 0);
      if (group === undefined && shown) found += 1;
      if (group !== undefined && words.length && shown) $(":scope > details", item).open = true;
      item.hidden = !shown;
      any ||= shown;
    }
    return any;
  };
  look($(".saif-tree"), !words.length);
  const count = $("[data-found]");
  count.textContent = words.length ? text(count, "some", { found }) : text(count, "all");
  $("[data-none]").hidden = found > 0 || count.dataset.all === "0";
}

const bare = (label) => label.replace(/[*_#\s]+/g, " ").trim();

// The engine gives a question no name, so it is found by what it says; one that is not asked now is not there.
function show(button) {
  const label = bare(button.dataset.show);
  const place = [...form.querySelectorAll(".question-container")].find((one) => bare(one.textContent).startsWith(label));
  $("[data-missing]")?.remove();
  if (!place) {
    const words = document.createElement("span");
    words.dataset.missing = "";
    words.setAttribute("role", "status");
    words.textContent = ` ${text(pane, "notThere")}`;
    button.after(words);
    return;
  }
  turn("form");
  place.scrollIntoView({ block: "center" });
  place.classList.add("saif-shown");
  setTimeout(() => place.classList.remove("saif-shown"), 2000);
  const control = place.querySelector("input:not([type=hidden]), textarea, select, button, [tabindex='0']");
  control?.focus({ preventScroll: true });
}

// Side by side where there is room; else one or the other.
function turn(to) {
  document.body.dataset.shown = to;
  for (const one of document.querySelectorAll("[data-turn]")) one.setAttribute("aria-pressed", String(one.dataset.turn === to));
}
for (const one of document.querySelectorAll("[data-turn]")) one.addEventListener("click", () => turn(one.dataset.turn));

let waiting = 0;
pane.addEventListener("input", (event) => {
  if (event.target.id !== "outline-search") return;
  clearTimeout(waiting);
  waiting = setTimeout(find, 120);
});
pane.addEventListener("change", (event) => { if (event.target.id === "outline-language") load(event.target.value); });
pane.addEventListener("click", (event) => {
  const button = event.target.closest("[data-show]");
  if (button) show(button);
});

turn("form");
load();
