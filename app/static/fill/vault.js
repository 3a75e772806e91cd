// What is kept on this device is sealed: AES-GCM under a random key. The key itself is never kept in clear, only sealed
// twice: under a passphrase, which works without a network, and under a secret of the device, which the server gives to a
// browser as long as the device has its access. So a passphrase that was forgotten loses nothing, and a browser that is
// cut off has lost its half of the key.
const ITERATIONS = 600_000;
const text = new TextEncoder();
const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** A new key, and the box that holds it sealed: what may lie on a disk. */
export async function make(passphrase, secret) {
  const raw = random(32);
  const box = { byServer: await wrap(await fromSecret(secret), raw), ...(await under(passphrase, raw)) };
  return { key: await usable(raw), box };
}

/** The key of a box by its passphrase; null if it is another. */
export async function byPassphrase(box, passphrase) {
  if (!box.byPassphrase) return null;
  const raw = await unwrap(await fromPassphrase(passphrase, box.salt, box.iterations), box.byPassphrase);
  return raw && usable(raw);
}

/** The key of a box by the secret the server gave; null if it is another device's. */
export async function bySecret(box, secret) {
  const raw = await unwrap(await fromSecret(secret), box.byServer);
  return raw && usable(raw);
}

/** The same box with another passphrase. */
export async function changed(box, passphrase, secret) {
  const raw = await unwrap(await fromSecret(secret), box.byServer);
  return { byServer: box.byServer, ...(await under(passphrase, raw)) };
}

/** The same box, opened by the server only. */
export function withoutPassphrase({ byServer }) {
  return { byServer };
}

/** Bytes sealed to the place they are kept at: moved elsewhere, they do not open. */
export async function seal(key, place, bytes) {
  const iv = random(12);
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: text.encode(place) }, key, bytes) };
}

export function unseal(key, place, { iv, data }) {
  return crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: text.encode(place) }, key, data);
}

function usable(raw) {
  return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
}

async function under(passphrase, raw) {
  const salt = random(16);
  return { salt, iterations: ITERATIONS, byPassphrase: await wrap(await fromPassphrase(passphrase, salt, ITERATIONS), raw) };
}

async function fromPassphrase(passphrase, salt, iterations) {
  const words = text.encode(passphrase.normalize("NFKC").trim());
  const base = await crypto.subtle.importKey("raw", words, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
  return crypto.subtle.deriveKey(how, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function fromSecret(secret) {
  return usable(Uint8Array.from(atob(secret), (letter) => letter.charCodeAt(0)));
}

const KEY = "key of what is kept";

function wrap(outer, raw) {
  return seal(outer, KEY, raw);
}

async function unwrap(outer, wrapped) {
  const raw = await unseal(outer, KEY, wrapped).catch(() => null);
  return raw && new Uint8Array(raw);
}
