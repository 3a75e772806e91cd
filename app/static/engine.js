// Around a form that the engine shows, on the pages of the office (templates/interview.html): what happens is said in
// words, answers are not lost by leaving, and an interview is sent once.
import { post, requests, show } from "./interview.js";
import { text } from "./said.js";

export const place = document.querySelector("#form");
const said = document.querySelector("[data-said]");

const SIGNED_OUT = new Set(["bad_csrf", "sign_in_needed"]);

let changed = false; // something was answered since the form was there
let made = null; // the interview as it was finished last: sent again, it must be the same to the byte
for (const kind of ["input", "change", "click"]) {
  place.addEventListener(kind, (event) => {
    if (!("ready" in place.dataset) || event.target.closest(".footer")) return;
    changed = true;
    made = null;
  });
}

export function say(words, bad = false) {
  said.hidden = !words;
  said.textContent = words;
  said.classList.toggle("bad", bad);
  if (bad) said.scrollIntoView({ block: "nearest" });
}

async function get(url) {
  const answer = await fetch(url).catch(() => null);
  if (!answer) throw new Error(text(place, "formMissing"));
  if (!answer.ok || answer.redirected) throw new Error(text(place, "formNotGiven"));
  return answer;
}

/**
 * Show the form of the page. The button at its end calls `onFinish(interview)`, and what that throws is said. The other
 * properties are those of `show`.
 */
export async function begin({ onFinish, ...properties }) {
  try {
    const xform = await (await get(place.dataset.xform)).text();
    await show(place, {
      xform,
      // One that is not there is left out, and the page has said so.
      file: (name) => fetch(place.dataset.file.replace(/FILE$/, encodeURIComponent(name))),
      finish: text(place, "finish"),
      onReady: () => {
        place.dataset.ready = "";
        say("");
      },
      // The engine says in its own dialog what it cannot read; here is what that means.
      onRefused: () => say(text(place, "refused"), true),
      onFinish: async (interview) => {
        made ??= interview;
        place.inert = true; // pressed twice, it would be sent twice
        try {
          await onFinish(made);
        } catch (error) {
          say(error.message, true);
        }
        place.inert = false;
      },
      onError: (error) => say(text(place, "stopped", { error: error.message }), true),
      ...properties,
    });
  } catch (error) {
    say(`${text(place, "notShown")} ${error.message}`, true);
  }
}

/** The server says no: `code` is that of the problem, `said` all of it, the message is for a person. */
export class Refusal extends Error {
  constructor(answer) {
    let said = {};
    try {
      said = JSON.parse(answer);
    } catch {
      // Not from SAIF: a proxy, say.
    }
    super(said.message || text(place, "notTaken"));
    this.code = said.problem;
    this.said = said;
  }
}

/** Send an interview, whole. Returns the address of its page; throws a Refusal, or an Error if nobody answers. */
export async function send(url, interview, headers = {}) {
  const [whole] = requests(interview, Infinity);
  say(text(place, "sending"));
  const attempt = () =>
    post(url, whole, {
      headers: { "X-CSRF-Token": place.dataset.token, Accept: "application/problem+json", ...headers },
    });
  let answer = await attempt();
  if (!answer.status) throw new Error(text(place, "notReached"));
  if (answer.status !== 201 && SIGNED_OUT.has(new Refusal(answer.text).code) && (await renew())) answer = await attempt();
  if (answer.status !== 201) throw new Refusal(answer.text);
  return JSON.parse(answer.text).page;
}

// Who signed out, or in again, in another window has another token: that of any page that is loaded now.
async function renew() {
  const answer = await fetch(place.dataset.fresh).catch(() => null);
  if (!answer?.ok) return false;
  if (answer.redirected) throw new Error(text(place, "signedOut"));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.dataset.token = page.querySelector("[name=csrf_token]")?.value ?? "";
  return true;
}

/** Ask before the page is left, once something was answered. The function it returns ends that. */
export function guard() {
  const ask = (event) => changed && event.preventDefault();
  addEventListener("beforeunload", ask);
  return () => removeEventListener("beforeunload", ask);
}
