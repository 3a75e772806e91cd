// Where things are kept on this device: one IndexedDB for each device this browser is. Names of things say nothing about
// anybody: they are random, or the server's own. What stands under a name is sealed, but for the box with the keys.
import { seal, unseal } from "./vault.js";

const BOX = "box";
const THINGS = "things";
const text = { to: new TextEncoder(), from: new TextDecoder() };

/** The boxes and things of one device. Without a key only its box can be read. */
export class Store {
  #database;
  #key = null;

  constructor(database) {
    this.#database = database;
  }

  static async of(device) {
    const asked = indexedDB.open(`saif-fill-${device}`, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(BOX);
      asked.result.createObjectStore(THINGS);
    };
    const database = await done(asked);
    // Another tab with a newer version must not wait for this one.
    database.onversionchange = () => database.close();
    return new Store(database);
  }

  use(key) {
    this.#key = key;
  }

  get open() {
    return this.#key !== null;
  }

  /** The box: keys sealed, and what must be known before they are opened. Undefined in a new store. */
  box() {
    return done(this.#database.transaction(BOX).objectStore(BOX).get(BOX));
  }

  keepBox(box) {
    return this.#write(BOX, (objects) => objects.put(box, BOX));
  }

  /** Bytes under a name; undefined if there are none. */
  async bytes(name) {
    const sealed = await done(this.#database.transaction(THINGS).objectStore(THINGS).get(name));
    return sealed && unseal(this.#key, name, sealed);
  }

  /** What was kept as JSON under a name. */
  async get(name) {
    const bytes = await this.bytes(name);
    return bytes && JSON.parse(text.from.decode(bytes));
  }

  names(prefix) {
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return done(this.#database.transaction(THINGS).objectStore(THINGS).getAllKeys(range));
  }

  /** Keep and remove several things at once, or none of them: name → bytes, or anything JSON can say; null removes. */
  async keep(things) {
    const sealed = await Promise.all(
      Object.entries(things).map(async ([name, thing]) => {
        if (thing === null) return [name, null];
        const bytes = thing instanceof ArrayBuffer ? thing : text.to.encode(JSON.stringify(thing));
        return [name, await seal(this.#key, name, bytes)];
      }),
    );
    await this.#write(THINGS, (objects) => {
      for (const [name, one] of sealed) one === null ? objects.delete(name) : objects.put(one, name);
    });
  }

  #write(where, act) {
    return new Promise((resolve, reject) => {
      // On the disk before anybody is told so.
      const transaction = this.#database.transaction(where, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
      act(transaction.objectStore(where));
    });
  }
}

function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
