// The interview that is open: the engine shows it, and it is kept as it goes.
import { show } from "../interview.js";
import * as interviews from "./interviews.js";
import { file } from "./server.js";
import { $, clock, say, words } from "./views.js";

const AFTER_TOUCH = 250;
const ANYWAY = 2_000;

/** {store, line, largest, onFinish, draft, kept, take, release}; null if none is open. */
let here = null;
let saving = Promise.resolve();

export const isOpen = () => here !== null;

/**
 * Open an interview: as it was left, or a new one. False if another tab has it open. `username` is what the form may ask
 * of the device, `largest` what the server takes at once, in bytes; `onFinish()` is called when it waits to be sent.
 */
export async function open(store, line, { username, largest, onFinish }) {
  const release = await alone(line);
  if (!release) return false;
  const xform = new TextDecoder().decode(await store.bytes(`xform/${line.blank}`));
  const { deviceID } = await store.get("browser");
  const draft = await interviews.answers(store, line);
  const mine = { store, line, largest, onFinish, release, draft: null, take: null, kept: "" };
  here = mine;
  $("[data-saved]").textContent = draft ? words("kept", { time: clock(line.saved) }) : words("keeps");
  $("[data-saved]").ariaBusy = "false";
  mine.take = await show($("#form"), {
    xform,
    // As it is kept when it is asked for: a list that was just fetched anew has taken the place of the one before.
    file: async (name) => file(store, await store.get(`blank/${line.blank}`), name),
    draft,
    finish: words("send"),
    preloadProperties: { deviceID, username },
    onOpen: (found) => (mine.draft = found),
    onReady: () => {
      // A form that was only opened is no interview: it is kept with its first answer.
      mine.kept = stand(mine);
      $("#form").focus({ preventScroll: true });
    },
    onRefused: () => say(words("refused")),
    onFinish: finish,
    onError: (error) => say(words("stopped", { error: error.message })),
  });
  // Closed, or locked, while the engine came.
  if (here !== mine) mine.take();
  return true;
}

/** Keep what is open, and take it off the page. */
export async function close() {
  if (!here) return;
  await save();
  const { take, release } = here;
  here = null;
  take?.();
  $("#form").replaceChildren();
  release();
}

/** The right to be the only tab that has this interview open; null if another has it. */
function alone(line) {
  return new Promise((resolve) => {
    navigator.locks.request(`saif-interview-${line.id}`, { ifAvailable: true }, (mine) => {
      if (!mine) return resolve(null);
      return new Promise((release) => resolve(release));
    });
  });
}

/** What tells answers that are kept from those that are not. */
function stand({ draft }) {
  const { xml, files, language } = draft.draft;
  return JSON.stringify([xml, language, files.map((one) => one.name)]);
}

/** Keep the answers if they changed. One after the other, so that an older state never follows a newer one. */
function save() {
  saving = saving.then(saveNow, saveNow);
  return saving;
}

async function saveNow() {
  const mine = here;
  if (!mine?.draft || !mine.kept) return;
  const now = stand(mine);
  busy(now !== mine.kept);
  if (now === mine.kept) return;
  const whole = mine.draft.draft;
  try {
    mine.line = await interviews.keep(mine.store, mine.line, whole);
    mine.kept = now;
    busy(false);
    $("[data-saved]").textContent = words("kept", { time: clock(mine.line.saved) });
    tooLarge(whole);
  } catch (error) {
    say(notKept(error));
  }
}

/** Whether a file is larger than the server takes: said when it is chosen, and not days later. */
function tooLarge({ xml, files }) {
  const most = here.largest - new Blob([xml]).size - 10_000; // what stands around the parts of a request
  const found = files.find((one) => one.size > most);
  if (found) say(words("tooLarge", { name: found.name, size: Math.floor(most / 1e6) }));
  return Boolean(found);
}

async function finish({ xml, files }) {
  const mine = here;
  if (tooLarge({ xml, files })) return scrollTo(0, 0);
  const { draft } = mine;
  const whole = { xml, files, language: draft.draft.language };
  // From here on nothing of it changes: what waits is sent as it is, as often as it takes. A save that comes now finds
  // nothing to keep, and would else make it unfinished again.
  mine.draft = null;
  await saving;
  try {
    await interviews.keep(mine.store, mine.line, whole, "ready");
  } catch (error) {
    mine.draft = draft;
    return say(notKept(error));
  }
  await mine.onFinish();
}

function notKept({ name }) {
  return words("notKept", { error: name });
}

/** Whether there is something to keep. What was touched since is not kept yet, whatever just was. */
function busy(yes) {
  $("[data-saved]").ariaBusy = String(yes || due !== null);
}

let due = null;
for (const name of ["input", "change", "click", "keyup"]) {
  // Menus of the engine stand beside the form. After the engine has heard of it.
  document.addEventListener(name, () => {
    if (!here) return;
    $("[data-saved]").ariaBusy = "true";
    clearTimeout(due);
    due = setTimeout(() => {
      due = null;
      save();
    }, AFTER_TOUCH);
  });
}
setInterval(() => here && save(), ANYWAY);
addEventListener("visibilitychange", () => document.hidden && here && save());
addEventListener("pagehide", () => here && save());
