// Interviews in the browser, with a network and without: which device this is, what is locked, what is open, what is sent.
import { show as showForm } from "../interview.js";
import * as interviews from "./interviews.js";
import { Refusal, begin as becomeDevice, blanks, end, fetchBlanks, file, session as askSession } from "./server.js";
import { Store } from "./store.js";
import * as vault from "./vault.js";
import * as views from "./views.js";

const { $, say } = views;
const IDLE = 10 * 60 * 1000;
const EVERY_MINUTE = 60 * 1000;
const FREE_TRIES = 5;
const DEVICE = "saif-fill-device";
const { root, worker } = document.body.dataset;

/** What the server said of this device; null without a network, or while it is locked. */
let session = null;
let store = null;
/** What made this browser the device, until it is kept sealed. */
let credentials = null;
/** The interview that is open: {line, blank, draft(), take(), release()}. */
let open = null;
let touched = Date.now();

// --- which device this is ----------------------------------------------------------------------------------------

async function start() {
  if (!window.isSecureContext || !navigator.locks) {
    say("Interviews are filled in over a secure connection only. Open this page with https, in a browser of the last years.");
    return;
  }
  const token = location.hash.slice(1);
  // The link is a key: it stays neither in the address nor in the browser's history.
  if (token) history.replaceState(history.state, "", root);
  await register();
  if (token) return enter({ token });
  const device = localStorage.getItem(DEVICE);
  store = device && (await Store.of(device));
  const box = await store?.box();
  if (box?.locked) {
    await leave();
    return locked("The page was locked.");
  }
  try {
    const said = await askSession();
    if (said) return await opened(said);
    box?.byPassphrase ? locked("") : views.show("door");
  } catch (refusal) {
    net(refusal);
    if (refusal.code === "unknown_device") return cutOff(refusal);
    if (box?.byPassphrase) return locked("There is no network: your passphrase opens what is kept here.");
    say(refusal.message);
    views.show("door");
  }
}

async function register() {
  const registration = await navigator.serviceWorker?.register(worker, { scope: root }).catch(() => null);
  if (!registration) return;
  let reloads = navigator.serviceWorker.controller !== null;
  navigator.serviceWorker.addEventListener("controllerchange", () => {
    // The first worker changes nothing; a newer one brings a newer page.
    if (reloads && !open) location.reload();
    reloads = true;
  });
}

// A newer page is taken when nobody is in the middle of an interview.
async function renew() {
  const registration = await navigator.serviceWorker?.getRegistration(root);
  if (!open) registration?.waiting?.postMessage("take over");
}

async function enter(proof) {
  try {
    const said = await becomeDevice(proof);
    credentials = proof;
    say();
    await opened(said, { proved: true });
  } catch (refusal) {
    net(refusal);
    say(refusal.message);
    const box = await store?.box();
    if (store?.open) return home();
    box?.byPassphrase ? locked("") : views.show("door");
  }
}

/** The server knows this device: its secret opens what is kept, or a new box is made. */
async function opened(said, { proved = false } = {}) {
  session = said;
  localStorage.setItem(DEVICE, said.device);
  store = await Store.of(said.device);
  navigator.storage?.persist?.();
  const box = await store.box();
  if (!box) return choose();
  const key = await vault.bySecret(box, said.secret);
  if (!key) return locked("The server has another key than before: your passphrase opens what is kept here.");
  store.use(key);
  await unlocked();
  // Somebody who forgot the passphrase has just shown the link instead.
  if (!box.byPassphrase || (proved && box.locked)) return choose({ old: Boolean(box.byPassphrase) });
  await home();
}

async function unlocked() {
  const box = await store.box();
  await store.keepBox({ ...box, locked: false, tries: 0, until: 0 });
  if (credentials) await store.keep({ credentials });
  credentials = null;
  if (!(await store.get("browser"))) await store.keep({ browser: { deviceID: `saif:${crypto.randomUUID()}` } });
  touched = Date.now();
}

/** The device's access was withdrawn: from now on only the server can give back what is kept. */
async function cutOff(refusal) {
  const box = await store?.box();
  if (box) await store.keepBox(vault.withoutPassphrase(box));
  await close();
  store?.use(null);
  session = null;
  place();
  say(refusal.message);
  views.show("door");
}

function choose({ old = false } = {}) {
  $("[data-keep-old]").hidden = !old;
  views.show("choose");
  $("#new-passphrase").focus();
}

$("[data-sign-in]").addEventListener("submit", (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(event.target));
  event.target.reset();
  enter({ username: username.trim(), password: password.trim() });
});

$("[data-choose]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { passphrase, again } = Object.fromEntries(new FormData(event.target));
  if (passphrase !== again) return say("The two are not the same. Type the passphrase twice.");
  if (passphrase.trim().length < 10 || /^\d+$/.test(passphrase.trim())) {
    return say("This is guessed too easily. Take 10 characters or more, and not digits alone: three or four words.");
  }
  event.target.reset();
  const box = await store.box();
  if (box) {
    await store.keepBox(await vault.changed(box, passphrase, session.secret));
  } else {
    const made = await vault.make(passphrase, session.secret);
    await store.keepBox(made.box);
    store.use(made.key);
    await unlocked();
  }
  say();
  await home();
});

$("[data-keep-old]").addEventListener("click", () => {
  say();
  home();
});

// --- locking -----------------------------------------------------------------------------------------------------

function locked(why) {
  place();
  $("[data-locked-why]").textContent = why;
  views.show("locked");
  $("#passphrase").focus();
}

async function lock(why) {
  if (!store?.open) return;
  await close();
  const box = await store.box();
  await store.keepBox({ ...box, locked: true });
  const known = await store.get("credentials");
  store.use(null);
  session = null;
  // Without what made this browser the device it could not become it again.
  if (known) await leave();
  say();
  locked(why);
}

function leave() {
  return end().catch(() => null);
}

$("[data-unlock]").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { passphrase } = Object.fromEntries(new FormData(event.target));
  event.target.reset();
  const box = await store.box();
  const wait = Math.ceil(((box.until ?? 0) - Date.now()) / 1000);
  if (wait > 0) return say(`That was wrong too often. Wait ${wait} seconds.`);
  const key = await vault.byPassphrase(box, passphrase);
  if (!key) {
    const tries = (box.tries ?? 0) + 1;
    const until = tries < FREE_TRIES ? 0 : Date.now() + 30_000 * 2 ** Math.min(tries - FREE_TRIES, 7);
    await store.keepBox({ ...box, tries, until });
    return say("This is not the passphrase.");
  }
  say();
  store.use(key);
  await unlocked();
  await home();
});

$("[data-to-door]").addEventListener("click", () => views.show("door"));
$("[data-lock]").addEventListener("click", () => lock("The page is locked."));
for (const name of ["pointerdown", "keydown", "touchstart"]) {
  addEventListener(name, () => (touched = Date.now()), { passive: true, capture: true });
}
// By the clock, because a device that sleeps counts nothing.
setInterval(() => {
  if (store?.open && Date.now() - touched > IDLE) lock("The page locked itself, because nobody used it.");
}, 5_000);

// --- the lists ---------------------------------------------------------------------------------------------------

function net(refusal) {
  const words = { offline: "No network. Nothing is lost: interviews are kept here." };
  views.net(refusal ? (words[refusal.code] ?? "The server does not answer as it should.") : "Connected", !refusal);
}

function place() {
  $("[data-lock]").hidden = !store?.open;
  $("[data-place]").textContent = session ? `${session.name}, ${session.mission}${session.test ? " (test: nobody real)" : ""}` : "";
}

async function home() {
  place();
  await list();
  const again = history.state?.interview;
  if (again && !open) {
    const line = await store.get(`interview/${again}`);
    if (line?.state === "open") return interview(line);
    history.replaceState(null, "", root);
  }
  if (!open) views.show("home");
  await refresh();
}

async function list() {
  if (!store?.open) return;
  views.listInterviews(await interviews.listing(store), { goOn, retry, remove });
  views.listBlanks(await blanks(store), before);
}

let refreshing = false;

/** Fetch what changed, send what waits. What the server refuses is said; without a network it is tried again. */
async function refresh() {
  if (refreshing || !store?.open) return;
  refreshing = true;
  try {
    session ??= await resumed();
    place();
    net(null);
    if (!open) await fetchBlanks(store, session);
    await list();
    await send();
    await renew();
  } catch (refusal) {
    if (!store?.open) return;
    if (!refusal.code) throw refusal;
    net(refusal);
    if (refusal.code === "unknown_device") await cutOff(refusal);
    else if (refusal.code !== "offline") say(refusal.message);
  } finally {
    refreshing = false;
  }
}

/** The device again, after the page was locked or its ticket ran out. */
async function resumed() {
  const kept = await store.get("credentials");
  const said = (await askSession()) ?? (kept && (await becomeDevice(kept)));
  if (!said) throw new Refusal("sign_in_needed", "This browser is no device any more. Open the link of the device again, or sign in with its user name.");
  if (String(said.device) !== localStorage.getItem(DEVICE)) location.reload();
  return said;
}

function send() {
  return navigator.locks.request(`saif-send-${session.device}`, { ifAvailable: true }, async (mine) => {
    if (!mine) return; // another tab is at it
    const { deviceID } = await store.get("browser");
    const refusal = await interviews.send(store, session, { deviceID, tell: views.progress });
    await list();
    if (refusal) {
      if (refusal.code === "sign_in_needed") session = null;
      throw refusal;
    }
  });
}

async function retry(line) {
  await interviews.retry(store, line);
  await list();
  await refresh();
}

async function remove(line, which) {
  if (!(await views.ask(which))) return;
  await interviews.remove(store, line);
  await list();
}

$("[data-refresh]").addEventListener("click", () => {
  say();
  refresh();
});
$("[data-change]").addEventListener("click", () => {
  if (!session) return say("A passphrase is changed with a network only.");
  choose({ old: true });
});
addEventListener("online", refresh);
addEventListener("offline", () => net({ code: "offline" }));
setInterval(refresh, EVERY_MINUTE);

// --- one interview -----------------------------------------------------------------------------------------------

let chosen = null;

/** Before it begins: what the browser cannot do with this form. */
function before(blank) {
  chosen = blank;
  if (!blank.lacks.length) return begin();
  views.listLacks(blank);
  views.show("before");
  $("[data-before-title]").focus();
}

function begin() {
  const line = interviews.fresh(chosen);
  history.pushState({ interview: line.id }, "", root);
  return interview(line);
}

function goOn(line) {
  history.pushState({ interview: line.id }, "", root);
  return interview(line);
}

$("[data-begin]").addEventListener("click", begin);
$("[data-back]").addEventListener("click", () => views.show("home"));
$("[data-close]").addEventListener("click", () => history.back());
addEventListener("popstate", async () => {
  if (open) await close();
  if (store?.open) await home();
});

async function interview(line) {
  say();
  const release = await alone(line);
  if (!release) {
    history.replaceState(null, "", root);
    views.show("home");
    return say("This interview is open in another tab or window of this browser. Go on there, or close it there first.");
  }
  const blank = await store.get(`blank/${line.blank}`);
  const xform = new TextDecoder().decode(await store.bytes(`xform/${line.blank}`));
  const { deviceID } = await store.get("browser");
  const draft = await interviews.answers(store, line);
  const here = { line, release, draft: null, take: null, kept: "" };
  open = here;
  $("[data-saved]").textContent = draft ? `Kept on this device ${views.clock(line.saved)}.` : "Every answer is kept on this device.";
  views.show("interview");
  here.take = await showForm($("#form"), {
    xform,
    file: (name) => file(store, blank, name),
    draft,
    preloadProperties: { deviceID, username: session?.username ?? (await store.get("credentials"))?.username ?? "" },
    onOpen: (found) => (here.draft = found),
    onReady: () => {
      // A form that was only opened is no interview: it is kept with its first answer.
      here.kept = stand(here);
      $("#form").focus({ preventScroll: true });
    },
    onRefused: () => say("The browser cannot open this form. What it could not read stands below. Fill it in on a phone, and tell your coordinator."),
    onFinish: finish,
    onError: (error) => say(`The form could not go on: ${error.message}. What was answered before is kept. Close the interview and go on with it.`),
  });
  // Closed, or locked, while the engine came.
  if (open !== here) here.take();
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

let saving = Promise.resolve();

/** Keep the answers if they changed. One after the other, so that an older state never follows a newer one. */
function save() {
  saving = saving.then(saveNow, saveNow);
  return saving;
}

function stand({ draft }) {
  const { xml, files, language } = draft.draft;
  return JSON.stringify([xml, language, files.map((one) => one.name)]);
}

async function saveNow() {
  const here = open;
  if (!here?.draft || !store?.open) return;
  const { xml, files, language } = here.draft.draft;
  const now = stand(here);
  if (now === here.kept) return;
  try {
    here.line = await interviews.keep(store, here.line, { xml, files, language });
    here.kept = now;
    $("[data-saved]").textContent = `Kept on this device ${views.clock(here.line.saved)}.`;
    oversized(files, xml);
  } catch (error) {
    say(`The last answers could not be kept on this device (${error.name}): its storage may be full. Do not close the page; make room, and answer on.`);
  }
}

function oversized(files, xml) {
  const largest = (session?.largest ?? Infinity) - xml.length * 2;
  const found = files.find((one) => one.size > largest);
  say(found ? `${found.name} is larger than the server takes (${Math.floor(largest / 1e6)} MB). Remove it, and choose a smaller one.` : "");
  return Boolean(found);
}

async function finish({ xml, files }) {
  if (oversized(files, xml)) return scrollTo(0, 0);
  await saving;
  const { line, draft } = open;
  await interviews.keep(store, line, { xml, files, language: draft.draft.language }, "ready");
  open.draft = null; // nothing of it changes any more: what waits is sent as it is, as often as it takes
  history.back();
}

/** Keep what is open, and take it off the page. */
async function close() {
  if (!open) return;
  await save();
  const { take, release } = open;
  open = null;
  take?.();
  $("#form").replaceChildren();
  release();
}

for (const name of ["input", "change", "click", "keyup"]) {
  let due = null;
  // After the engine has heard of it.
  $("#form").addEventListener(name, () => {
    clearTimeout(due);
    due = setTimeout(save, 250);
  });
}
setInterval(() => open && save(), 2_000);
addEventListener("visibilitychange", () => document.hidden && open && save());
addEventListener("pagehide", () => open && save());

await start();
