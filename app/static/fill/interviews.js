// The interviews on this device: begun, waiting to be sent, sent. The line of one, its answers and its files are kept
// apart, so that a list of them opens no answers.
import { post, requests } from "../interview.js";
import { refusal } from "./server.js";

const A_WEEK = 7 * 24 * 3600 * 1000;

/** The lines of all, newest first: {id, blank, title, version, begun, saved, state: open | ready | refused | sent, said}. */
export async function listing(store) {
  const lines = await Promise.all((await store.names("interview/")).map((name) => store.get(name)));
  return lines.sort((one, other) => other.begun - one.begun);
}

/** A new interview of a form: nothing is kept before the first answer. */
export function fresh(blank) {
  const { id, title, version } = blank;
  return { id: crypto.randomUUID(), blank: id, title, version, begun: Date.now(), state: "open", files: [] };
}

/** Its answers as they were kept, for the engine; null if there are none yet. */
export async function answers(store, line) {
  const kept = await store.get(`answers/${line.id}`);
  if (!kept) return null;
  const files = await Promise.all(
    line.files.map(async ({ key, name, type }) => new File([await store.bytes(`attached/${line.id}/${key}`)], name, { type })),
  );
  return { ...kept, files };
}

/** Keep the answers as they stand. Gives the line as it is now. Files are written once: a changed one has a new name. */
export async function keep(store, line, { xml, files, language }, state = "open") {
  const things = { [`answers/${line.id}`]: { xml, language } };
  const before = new Map(line.files.map((one) => [one.name, one]));
  const kept = [];
  for (const file of files) {
    const known = before.get(file.name);
    before.delete(file.name);
    const one = known ?? { key: crypto.randomUUID(), name: file.name, type: file.type };
    if (!known) things[`attached/${line.id}/${one.key}`] = await file.arrayBuffer();
    kept.push(one);
  }
  for (const { key } of before.values()) things[`attached/${line.id}/${key}`] = null;
  const now = { ...line, state, saved: Date.now(), files: kept };
  await store.keep({ ...things, [`interview/${line.id}`]: now });
  return now;
}

/** Try to send what was refused. */
export function retry(store, line) {
  return store.keep({ [`interview/${line.id}`]: { ...line, state: "ready", said: "" } });
}

/** Remove everything of an interview. */
export async function remove(store, line) {
  await store.keep({ [`interview/${line.id}`]: null, ...contents(line) });
}

function contents(line) {
  const attached = line.files.map(({ key }) => [`attached/${line.id}/${key}`, null]);
  return { [`answers/${line.id}`]: null, ...Object.fromEntries(attached) };
}

/**
 * Send what waits, oldest first, as the server takes it from phones: what it may have already is sent again as it was. An
 * interview that arrived is removed from this device but for its line, and that after a week. `tell(line, share)` is
 * called as one goes on. Gives the Refusal that ended it, if one did: the next ones would meet it, too.
 */
export async function send(store, session, { deviceID, tell }) {
  for (const line of (await listing(store)).reverse()) {
    if (line.state === "sent" && Date.now() - line.saved > A_WEEK) await remove(store, line);
    if (line.state !== "ready") continue;
    const said = await sendOne(store, session, line, { deviceID, tell });
    if (!said) {
      await store.keep({ [`interview/${line.id}`]: { ...line, state: "sent", saved: Date.now(), files: [], said: "" }, ...contents(line) });
    } else if (["offline", "sign_in_needed", "unknown_device", "closed_mission", "unavailable", "unclear"].includes(said.code)) {
      return said;
    } else {
      // This one is refused, and stays until somebody tries again; others may go.
      await store.keep({ [`interview/${line.id}`]: { ...line, state: "refused", said: said.message } });
    }
    tell(line, 1);
  }
  return null;
}

async function sendOne(store, session, line, { deviceID, tell }) {
  const whole = await answers(store, line);
  const all = requests(whole, session.request);
  for (const [at, data] of all.entries()) {
    const url = `${session.server}/submission?deviceID=${encodeURIComponent(deviceID)}`;
    const { status, text } = await post(url, data, { onProgress: (share) => tell(line, (at + share) / all.length) });
    if (status !== 201) return refusal(status, text);
  }
  return null;
}
