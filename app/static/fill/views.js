// What the page shows. It knows nothing of keys and answers: it is given what to show, and tells what was pressed.
import { text } from "../said.js";

export const $ = (selector, root = document) => root.querySelector(selector);

/** A text of the page, in its language. */
export const words = (name, values) => text(document.body, name, values);

/** Show one part of the page, and nothing else. */
export function show(name) {
  for (const view of document.querySelectorAll("[data-view]")) view.hidden = view.dataset.view !== name;
  scrollTo(0, 0);
}

/** Something the person must know; nothing, if there is no more of it. */
export function say(message = "") {
  const said = $("[data-said]");
  said.hidden = !message;
  said.textContent = message;
}

export function clock(time) {
  return new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

export function element(name, { text: content, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  if (content !== undefined) made.textContent = content;
  made.append(...children);
  return made;
}

function button(label, of, press, className = "") {
  const made = element("button", { type: "button", className, text: label });
  // Several buttons say the same: those who hear the page are told which is which.
  made.append(element("span", { className: "fill-only-read", text: ` ${of}` }));
  made.addEventListener("click", press);
  return made;
}

const drawn = new Map(); // what a list shows, by its selector

/** Draw a list only when it says something new: a button that is drawn again under a finger loses its press. */
function draw(selector, lines, item) {
  const said = JSON.stringify(lines);
  if (drawn.get(selector) === said) return;
  drawn.set(selector, said);
  $(selector).replaceChildren(...lines.map(item));
}

/** The forms to begin with. `begin(blank)` is called for one that is chosen. */
export function listBlanks(blanks, begin) {
  $("[data-none]").hidden = blanks.length > 0;
  draw("[data-blanks]", blanks, (blank) => {
    const about = element("div", {}, element("bdi", { text: blank.title }));
    if (blank.version) about.append(element("span", { className: "fill-quiet", text: ` ${blank.version}` }));
    if (blank.encrypted) {
      about.append(element("p", { className: "fill-quiet", text: words("encrypted") }));
      return element("li", {}, about);
    }
    return element("li", {}, about, button(words("begin"), blank.title, () => begin(blank), "fill-main"));
  });
}

const STATES = {
  open: (line) => words("open", { time: clock(line.saved) }),
  ready: () => words("ready"),
  refused: () => words("notTaken"),
  sent: (line) => words("sent", { time: clock(line.saved) }),
};

/** The interviews that are kept. `act` has a function for each button: goOn, retry, remove. */
export function listInterviews(lines, act) {
  $("[data-kept]").hidden = !lines.length;
  draw("[data-interviews]", lines, (line) => {
    const time = clock(line.begun);
    const which = words("which", { form: line.title, time });
    const begun = element("span", { className: "fill-quiet", text: ` ${words("begun", { time })}` });
    const about = element("div", {}, element("bdi", { text: line.title }), begun);
    about.append(element("p", { className: `fill-state ${line.state}`, text: STATES[line.state](line) }));
    if (line.said) about.append(element("p", { className: "fill-state refused", text: line.said }));
    const buttons = element("div", { className: "fill-row" });
    if (line.state === "open") buttons.append(button(words("goOn"), which, () => act.goOn(line), "fill-main"));
    if (line.state === "refused") buttons.append(button(words("retry"), which, () => act.retry(line)));
    if (line.state === "open") buttons.append(button(words("remove"), which, () => act.remove(line, which), "fill-danger"));
    const item = element("li", {}, about, buttons);
    item.dataset.interview = line.id;
    return item;
  });
}

/** How far an interview is on its way, as a share of 1. */
export function progress(line, share) {
  const item = $(`[data-interview="${line.id}"]`);
  if (!item) return;
  drawn.delete("[data-interviews]"); // it is not what was drawn any more
  $(".fill-state", item).textContent = words("sends");
  let bar = $("progress", item);
  if (!bar) {
    bar = element("progress", { max: 1 });
    bar.setAttribute("aria-label", words("sending", { form: line.title }));
    item.append(bar);
  }
  bar.value = share;
}

/** Whether to delete an interview for good. */
export function ask(which) {
  const dialog = $("[data-ask]");
  $("[data-ask-what]").textContent = words("gone", { which });
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** What the browser does otherwise than a phone with this form, before it is begun. */
export function listLacks(blank) {
  $("[data-before-title]").textContent = blank.title;
  $("[data-lacks]").replaceChildren(
    ...blank.lacks.map(({ words: lack, questions }) => element("li", {}, `${lack}: `, element("bdi", { text: questions.join("; ") }))),
  );
}

/** That the page looks for changes, until `done`. */
export async function looking(done) {
  const button = $("[data-refresh]");
  button.ariaBusy = "true";
  await done;
  button.ariaBusy = "false";
}

export function net(message, good) {
  const place = $("[data-net]");
  if (place.textContent !== message) place.textContent = message;
  place.classList.toggle("off", !good);
}
