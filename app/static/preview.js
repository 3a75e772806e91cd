// The preview of a form: the engine shows it, and what would be sent is shown in place of sending it.
import { show } from "./interview.js";

const $ = (selector, root = document) => root.querySelector(selector);
const place = $("#form");
const said = $("[data-said]");
const end = $("[data-end]");
const FINISH = "Finish and see what would be sent";

function say(words, bad = false) {
  said.hidden = !words;
  said.textContent = words;
  said.classList.toggle("bad", bad);
}

async function get(url, what) {
  const answer = await fetch(url).catch(() => null);
  if (!answer) throw new Error(`The server was not reached, so ${what} is missing. Load the page again.`);
  if (!answer.ok || answer.redirected) throw new Error(`The server did not give ${what}. Load the page again.`);
  return answer;
}

// The answers as a list in a list; what has neither text nor children was not answered.
function list(node, into) {
  for (const child of node.children) {
    const item = document.createElement("li");
    const name = document.createElement("code");
    name.textContent = child.localName;
    item.append(name);
    if (child.children.length) {
      const inner = document.createElement("ul");
      list(child, inner);
      item.append(inner);
    } else if (child.textContent) {
      const text = document.createElement("bdi");
      text.textContent = child.textContent;
      item.append(" ", text);
    } else {
      item.classList.add("unanswered");
    }
    into.append(item);
  }
}

function indented(node, depth = 0) {
  const text = new XMLSerializer().serializeToString(node);
  if (!node.children.length) return `${"  ".repeat(depth)}${text}\n`;
  const tag = new XMLSerializer().serializeToString(node.cloneNode(false)).replace(/\/>$|><\/[^>]*>$/, ">");
  const within = [...node.children].map((child) => indented(child, depth + 1)).join("");
  return `${"  ".repeat(depth)}${tag}\n${within}${"  ".repeat(depth)}</${node.nodeName}>\n`;
}

function present({ xml, files }) {
  const root = new DOMParser().parseFromString(xml, "text/xml").documentElement;
  $("[data-answers]").replaceChildren();
  list(root, $("[data-answers]"));
  $("[data-xml]").textContent = indented(root);
  $("[data-files]").hidden = !files.length;
  $("[data-files] ul").replaceChildren(
    ...files.map((file) => {
      const item = document.createElement("li");
      item.textContent = `${file.name}, ${Math.ceil(file.size / 1000)} kB`;
      return item;
    }),
  );
  place.hidden = true;
  end.hidden = false;
  end.focus();
  scrollTo(0, 0);
}

$("[data-on]").addEventListener("click", () => {
  end.hidden = true;
  place.hidden = false;
  place.focus();
});
$("[data-anew]").addEventListener("click", () => location.reload());

try {
  const xform = await (await get(place.dataset.xform, "the form")).text();
  await show(place, {
    xform,
    // One that is not there is left out, and the page has said so.
    file: (name) => fetch(place.dataset.file.replace(/FILE$/, encodeURIComponent(name))),
    finish: FINISH,
    preloadProperties: { deviceID: "saif:preview", username: "preview" },
    onReady: () => say(""),
    // The engine says in its own dialog what it cannot read; here is what that means.
    onRefused: () =>
      say("The browser cannot open this form. What it could not read stands below. A phone may be able to: try it on one.", true),
    onFinish: present,
    onError: (error) => say(`The form could not go on: ${error.message}`, true),
  });
} catch (error) {
  say(`The form cannot be shown. ${error.message}`, true);
}
