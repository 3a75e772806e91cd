// Editing a submission in the office: the engine opens it with its answers and files, and what it makes of them is sent as
// a new version. The XML stands in the page and nowhere else: in no address and no storage of the browser.
import { Refusal, begin, guard, place, say, send } from "./engine.js";
import { text } from "./said.js";

const $ = (selector) => document.querySelector(selector);
const { held, reason } = place.dataset;
const files = JSON.parse(place.dataset.files); // by name, whether it has come
const meanwhile = $("[data-meanwhile]");
const instance = $("[data-instance]").textContent;
$("[data-instance]").remove();

// Pictures are shown. Of everything else the name will do: the server has the content, and goes on having it.
async function resolveAttachment(name) {
  const picture = files[name] && /\.(avif|bmp|gif|jpe?g|png|webp)$/i.test(name);
  const body = new URLSearchParams({ name, reason });
  const answer = picture && (await fetch(held, { method: "POST", headers: { "X-CSRF-Token": place.dataset.token }, body }).catch(() => null));
  return answer?.ok ? answer : new Response(new Blob([]));
}

const free = guard();
let last;

async function keep(query = "") {
  // What the server has it keeps under its name; a file chosen here has a name of its own.
  const chosen = last.files.filter((file) => !(file.name in files));
  const page = await send(place.dataset.send + query, { ...last, files: chosen }, { "X-Reason": encodeURIComponent(reason) });
  free();
  location.assign(page);
}

async function finish(interview) {
  last = interview;
  try {
    await keep();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "outdated_edit") throw error;
    $("[data-theirs]").href = error.said.page;
    meanwhile.hidden = false;
    meanwhile.scrollIntoView();
    meanwhile.focus();
    throw new Error(text(place, "outdated"));
  }
}

$("[data-beside]").addEventListener("click", () => keep("?beside").catch((error) => say(error.message, true)));

await begin({
  onFinish: finish,
  editInstance: { resolveInstance: () => instance, attachmentFileNames: Object.keys(files), resolveAttachment },
});
