// Interviews in the browser, with a network and without: which device this is, what is locked, what is open, what is sent.
import * as interviews from "./interviews.js";
import * as opened from "./opened.js";
import { Refusal, begin as becomeDevice, blanks, end, fetchBlanks, session as askSession } from "./server.js";
import { Store } from "./store.js";
import * as vault from "./vault.js";
import * as views from "./views.js";

const { $, say, words } = views;
const IDLE = 10 * 60 * 1000;
const EVERY_MINUTE = 60 * 1000;
const FREE_TRIES = 5;
const DEVICE = "saif-fill-device";
const { root, worker } = document.body.dataset;

/** What the server said of this device; null without a network, or while it is locked. */
let session = null;
let store = null;
/** What makes this browser the device again after it was locked, until it is kept sealed. */
let ticket = null;
let touched = Date.now();

// --- which device this is ----------------------------------------------------------------------------------------

async function start() {
  if (!window.isSecureContext || !navigator.locks) {
    say(words("notSecure"));
    return;
  }
  const link = location.hash.slice(1);
  // It is a key: not for long, but nobody shall read it from the address.
  if (link) history.replaceState(history.state, "", root);
  await register();
  if (link) return enter({ link });
  const device = localStorage.getItem(DEVICE);
  store = device && (await Store.of(device));
  const box = await store?.box();
  if (box?.locked) {
    await leave();
    return locked(words("wasLocked"));
  }
  try {
    const said = await askSession();
    if (said) return await known(said);
    box?.byPassphrase ? locked("") : views.show("door");
  } catch (refusal) {
    net(refusal);
    if (refusal.code === "unknown_device") return cutOff(refusal);
    if (box?.byPassphrase) return locked(words("lockedOffline"));
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
    if (reloads && !opened.isOpen()) location.reload();
    reloads = true;
  });
}

// A newer page is taken when nobody is in the middle of an interview.
async function renew() {
  const registration = await navigator.serviceWorker?.getRegistration(root);
  if (!opened.isOpen()) registration?.waiting?.postMessage("take over");
}

async function enter(proof) {
  try {
    const said = await becomeDevice(proof);
    ticket = said.ticket;
    say();
    await known(said, { proved: true });
  } catch (refusal) {
    net(refusal);
    say(refusal.message);
    const box = await store?.box();
    if (store?.open) return home();
    box?.byPassphrase ? locked("") : views.show("door");
  }
}

/** The server knows this device: its secret opens what is kept, or a new box is made. */
async function known(said, { proved = false } = {}) {
  session = said;
  localStorage.setItem(DEVICE, said.device);
  store = await Store.of(said.device);
  navigator.storage?.persist?.();
  const box = await store.box();
  if (!box) return choose();
  const key = await vault.bySecret(box, said.secret);
  if (!key) return locked(words("lockedOtherKey"));
  store.use(key);
  await unlocked();
  // Somebody who forgot the passphrase has just shown the link instead.
  if (!box.byPassphrase || (proved && box.locked)) return choose({ old: Boolean(box.byPassphrase) });
  await home();
}

async function unlocked() {
  const box = await store.box();
  await store.keepBox({ ...box, locked: false, tries: 0, until: 0 });
  if (ticket) await store.keep({ ticket: { ticket, username: session.username } });
  ticket = null;
  if (!(await store.get("browser"))) await store.keep({ browser: { deviceID: `saif:${crypto.randomUUID()}` } });
  touched = Date.now();
}

/** The device's access was withdrawn: from now on only the server can give back what is kept. */
async function cutOff(refusal) {
  const box = await store?.box();
  if (box) await store.keepBox(vault.withoutPassphrase(box));
  await opened.close();
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
  if (passphrase !== again) return say(words("notSame"));
  if (passphrase.trim().length < 10 || /^\d+$/.test(passphrase.trim())) {
    return say(words("guessed"));
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
  await opened.close();
  const box = await store.box();
  await store.keepBox({ ...box, locked: true });
  const again = await store.get("ticket");
  store.use(null);
  session = null;
  // Without its ticket it could not become the device again.
  if (again) await leave();
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
  if (wait > 0) return say(words("wait", { seconds: wait }));
  const key = await vault.byPassphrase(box, passphrase);
  if (!key) {
    const tries = (box.tries ?? 0) + 1;
    const until = tries < FREE_TRIES ? 0 : Date.now() + 30_000 * 2 ** Math.min(tries - FREE_TRIES, 7);
    await store.keepBox({ ...box, tries, until });
    return say(words("wrong"));
  }
  say();
  store.use(key);
  await unlocked();
  await home();
});

$("[data-to-door]").addEventListener("click", () => views.show("door"));
$("[data-lock]").addEventListener("click", () => lock(words("isLocked")));
for (const name of ["pointerdown", "keydown", "touchstart"]) {
  addEventListener(name, () => (touched = Date.now()), { passive: true, capture: true });
}
// By the clock, because a device that sleeps counts nothing.
setInterval(() => {
  if (store?.open && Date.now() - touched > IDLE) lock(words("lockedItself"));
}, 5_000);

// --- the lists ---------------------------------------------------------------------------------------------------

function net(refusal) {
  const state = !refusal ? "connected" : refusal.code === "offline" ? "noNetwork" : "noAnswer";
  views.net(words(state), !refusal);
}

function place() {
  $("[data-lock]").hidden = !store?.open;
  $("[data-place]").textContent = session ? words(session.test ? "placeOfTest" : "place", session) : "";
}

async function home() {
  place();
  await list();
  const again = history.state?.interview;
  if (again && !opened.isOpen()) {
    const line = await store.get(`interview/${again}`);
    if (line?.state === "open") return interview(line);
    history.replaceState(null, "", root);
  }
  if (!opened.isOpen()) views.show("home");
  await refresh();
}

async function list() {
  if (!store?.open) return;
  views.listInterviews(await interviews.listing(store), { goOn, retry, remove });
  views.listBlanks(await blanks(store), before);
}

let running = Promise.resolve();
let asked = false;

/** Fetch what changed, send what waits: once more after what is under way, so that what was just finished goes, too. */
function refresh() {
  if (asked) return running;
  asked = true;
  running = running.then(() => {
    asked = false;
    return refreshNow();
  });
  return running;
}

/** What the server refuses is said; without a network it is tried again. */
async function refreshNow() {
  if (!store?.open) return;
  try {
    session ??= await resumed();
    place();
    net(null);
    if (!opened.isOpen()) await fetchBlanks(store, session);
    await list();
    await send();
    await renew();
  } catch (refusal) {
    if (!store?.open) return; // locked meanwhile
    if (!(refusal instanceof Refusal)) return say(words("notFetched", { error: refusal.name }));
    net(refusal);
    if (refusal.code === "unknown_device") await cutOff(refusal);
    else if (refusal.code !== "offline") say(refusal.message);
  }
}

/** The device again, after the page was locked or its ticket ran out. */
async function resumed() {
  const kept = await store.get("ticket");
  const said = (await askSession()) ?? (kept && (await becomeDevice({ ticket: kept.ticket })));
  if (!said) throw new Refusal("sign_in_needed", words("noDevice"));
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
  views.looking(refresh());
});
$("[data-change]").addEventListener("click", () => {
  if (!session) return say(words("changeOffline"));
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
$("[data-close]").addEventListener("click", leaveInterview);
addEventListener("popstate", async () => {
  await opened.close();
  if (store?.open) await home();
});

async function interview(line) {
  say();
  views.show("interview");
  const username = session?.username ?? (await store.get("ticket"))?.username ?? "";
  const mine = await opened.open(store, line, { username, largest: session?.largest ?? Infinity, onFinish: leaveInterview });
  if (mine) return;
  history.replaceState(null, "", root);
  views.show("home");
  say(words("openElsewhere"));
}

async function leaveInterview() {
  await opened.close();
  history.replaceState(null, "", root);
  await home();
}

await start();
