// What the server is asked, beside taking interviews in.
import { words } from "./views.js";

/** What the server said no to: `code` for programs, a message for people. `code` is "offline" if it was not reached. */
export class Refusal extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

const OFFLINE = new Refusal("offline", words("notReached"));

/** A Refusal from what was answered. */
export function refusal(status, text) {
  try {
    const { code, message } = JSON.parse(text);
    if (code && message) return new Refusal(code, message);
  } catch {
    // Not from the server, but from something on the way to it.
  }
  return status === 0 ? OFFLINE : new Refusal("unclear", words("unclear", { status }));
}

async function ask(url, how) {
  const answer = await fetch(url, { cache: "no-store", ...how }).catch(() => null);
  if (!answer) throw OFFLINE;
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer;
}

const root = document.body.dataset.root;

/** Become the device of {link}, {username, password} or {ticket}. Gives what the server says of it. */
export async function begin(proof) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(`${root}/session`, { method: "POST", headers, body: JSON.stringify(proof) })).json();
}

/** Which device this browser is; null if it is none. */
export async function session() {
  const answer = await ask(`${root}/session`);
  return answer.status === 204 ? null : answer.json();
}

/** Be none any more. */
export function end() {
  return ask(`${root}/session`, { method: "DELETE" });
}

/** Fetch forms and their files: only what is not here yet. What no interview needs any more is dropped. */
export async function fetchBlanks(store, { server }) {
  const offered = await (await ask(`${server}/blanks`)).json();
  const fetched = new Set(await store.names("file/"));
  for (const blank of offered) {
    const things = {};
    if (!blank.encrypted) {
      const kept = await store.get(`blank/${blank.id}`);
      if (kept?.md5 !== blank.md5) things[`xform/${blank.id}`] = await bytes(`${server}/${blank.xform}`);
      for (const { md5, path } of blank.files) {
        if (fetched.has(`file/${md5}`)) continue;
        things[`file/${md5}`] = await bytes(`${server}/${path}`);
        fetched.add(`file/${md5}`);
      }
    }
    await store.keep({ ...things, [`blank/${blank.id}`]: blank });
  }
  await store.keep({ offered: offered.map(({ id }) => id) });
  await drop(store, offered);
}

async function bytes(url) {
  return (await ask(url)).arrayBuffer();
}

async function drop(store, offered) {
  const needed = new Set(offered.map(({ id }) => id));
  for (const name of await store.names("interview/")) needed.add((await store.get(name)).blank);
  const gone = {};
  const files = new Set();
  for (const name of await store.names("blank/")) {
    const blank = await store.get(name);
    if (needed.has(blank.id)) for (const { md5 } of blank.files) files.add(`file/${md5}`);
    else Object.assign(gone, { [name]: null, [`xform/${blank.id}`]: null });
  }
  for (const name of await store.names("file/")) if (!files.has(name)) gone[name] = null;
  await store.keep(gone);
}

/** The forms that are here, in the order the server lists them. */
export async function blanks(store) {
  const ids = (await store.get("offered")) ?? [];
  return (await Promise.all(ids.map((id) => store.get(`blank/${id}`)))).filter(Boolean);
}

/** A file of a form by its name, as the engine asks for it. */
export async function file(store, blank, name) {
  const found = blank.files.find((one) => one.name === name);
  const content = found && (await store.bytes(`file/${found.md5}`));
  if (!content) return new Response(null, { status: 404 });
  const kind = { csv: "text/csv", xml: "text/xml", geojson: "application/geo+json", svg: "image/svg+xml" };
  const type = kind[name.toLowerCase().split(".").pop()];
  return new Response(content, type ? { headers: { "Content-Type": type } } : {});
}
