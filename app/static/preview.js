// The preview of a form: the engine shows it, and what would be sent is shown in place of sending it.
import { begin, place } from "./engine.js";

const $ = (selector, root = document) => root.querySelector(selector);
const end = $("[data-end]");

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

await begin({
  preloadProperties: { deviceID: "saif:preview", username: "preview" },
  onFinish: present,
});
