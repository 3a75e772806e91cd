// An interview in the browser: the engine shows its form, and what was answered is sent. For every page that does so.
const XML = "xml_submission_file";

/**
 * Show a form in `place`, whose data-engine says where the engine is. `xform` is its XML; `file(name)` gives a Response
 * for each file it wants, by its name alone, as on a phone: jr://images/face.png is face.png.
 *
 * `finish` is written on the button at its end; pressed, with every answer valid, it calls `onFinish({xml, files})`:
 * the XML as text, and Files by the names that stand in it. `onReady` and `onRefused` tell whether the engine can open
 * the form: what it cannot read, it says in a dialog of its own. The other properties are those of the engine's `mount`.
 * Returns a promise of a function that takes the form away.
 */
export async function show(place, { xform, file, finish = "Send", onFinish, onReady, onRefused, ...properties }) {
  const { mount } = await import(place.dataset.engine);
  let state = "loading";
  const observer = new MutationObserver(() => {
    keepToTheForm(place);
    const status = place.querySelector(".form-initialization-status:is(.ready, .error)");
    if (!status) return;
    place.dir = leftward(place.querySelector(".language-changer .p-select-label")?.textContent ?? "") ? "rtl" : "ltr";
    const button = place.querySelector(".footer button[aria-label=Send]");
    if (button && finish !== "Send") {
      button.setAttribute("aria-label", finish);
      button.querySelector(".p-button-label").textContent = finish;
    }
    if (state !== "loading") return;
    state = status.classList.contains("ready") ? "ready" : "error";
    (state === "ready" ? onReady : onRefused)?.();
  });
  observer.observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  const take = mount(place, {
    formXml: xform,
    fetchFormAttachment: (url) => file(decodeURIComponent(String(url).split("/").pop())),
    missingResourceBehavior: "BLANK",
    onSubmit: (payload, done) => done(answers(payload).then(onFinish)),
    ...properties,
  });
  return () => {
    observer.disconnect();
    take();
  };
}

// Browsers remember what was typed, to offer it again, and some have its spelling looked at elsewhere. Not here.
function keepToTheForm(place) {
  for (const one of place.querySelectorAll(":is(input, textarea):not([autocomplete=off])")) {
    one.autocomplete = "off";
    one.spellcheck = false;
  }
}

async function answers(payload) {
  const [data] = payload.data;
  const files = [...data].filter(([name]) => name !== XML).map(([, file]) => file);
  return { xml: await data.get(XML).text(), files };
}

/**
 * The requests that carry an interview (OpenRosa form submission): each has its XML, and as many of its files as go below
 * `most` bytes; a larger one goes alone. The same interview gives the same requests, so each may be sent again.
 */
export function requests({ xml, files }, most) {
  const bundles = [[]];
  const free = most - new Blob([xml]).size;
  let room = free;
  for (const file of files) {
    if (file.size > room && bundles.at(-1).length) {
      bundles.push([]);
      room = free;
    }
    bundles.at(-1).push(file);
    room -= file.size;
  }
  return bundles.map((bundle, at) => {
    const data = new FormData();
    data.set(XML, new File([xml], XML, { type: "text/xml" }));
    for (const file of bundle) data.set(file.name, file);
    if (at < bundles.length - 1) data.set("*isIncomplete*", "yes");
    return data;
  });
}

/**
 * Send one request. `onProgress(share)` is called with 0 to 1. Gives its `status` and `text`; status 0 if the server was
 * not reached, so that nobody knows whether it arrived.
 */
export function post(url, data, { onProgress, headers = {} } = {}) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress?.(event.loaded / event.total));
    request.addEventListener("loadend", () => resolve({ status: request.status, text: request.responseText }));
    request.send(data);
  });
}

// Whether a language is written from right to left: by the letters of its name, العربية, else by its tag.
function leftward(language) {
  return /[\u0590-\u08ff\ufb1d-\ufefc]/.test(language) || /\((ar|ckb|dv|fa|he|prs|ps|sd|ug|ur|yi)\b(?!-latn)/i.test(language);
}
