// Keeps the page and the engine, so that both open without a network. VERSION and KEPT stand above: the server writes
// them. Nothing else is kept here: forms, lists and interviews the page keeps itself, sealed.
const PREFIX = "saif-fill-";
const CACHE = PREFIX + VERSION;
const [PAGE] = KEPT;

self.addEventListener("install", (event) => {
  const fresh = KEPT.map((url) => new Request(url, url.includes("?v=") ? {} : { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(fresh)));
});

// A new version waits until the page says that nobody is in the middle of an interview.
self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  const old = caches.keys().then((names) => names.filter((name) => name.startsWith(PREFIX) && name !== CACHE));
  event.waitUntil(old.then((names) => Promise.all(names.map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  const here = pathname + search;
  if (request.mode === "navigate" ? pathname === PAGE : KEPT.includes(here)) {
    const kept = caches.open(CACHE).then((cache) => cache.match(request.mode === "navigate" ? PAGE : here));
    event.respondWith(kept.then((answer) => answer ?? fetch(request)));
  }
});
