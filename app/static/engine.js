// Around a form that the engine shows, on the pages of the office (templates/interview.html): what happens is said in
// words, answers are not lost by leaving, and an interview is sent once.
import { post, requests, show } from "./interview.js";

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

async function get(url, what) {
  const answer = await fetch(url).catch(() => null);
  if (!answer) throw new Error(`The server was not reached, so ${what} is missing. Load the page again.`);
  if (!answer.ok || answer.redirected) throw new Error(`The server did not give ${what}. Load the page again.`);
  return answer;
}

/**
 * Show the form of the page. `finish` is written on its button; pressed, it calls `onFinish(interview)`, and what that
 * throws is said. The other properties are those of `show`.
 */
export async function begin({ finish, onFinish, ...properties }) {
  try {
    const xform = await (await get(place.dataset.xform, "the form")).text();
    await show(place, {
      xform,
      // One that is not there is left out, and the page has said so.
      file: (name) => fetch(place.dataset.file.replace(/FILE$/, encodeURIComponent(name))),
      finish,
      onReady: () => {
        place.dataset.ready = "";
        say("");
      },
      // The engine says in its own dialog what it cannot read; here is what that means.
      onRefused: () =>
        say("The browser cannot open this form. What it could not read stands below. A phone may be able to: try it on one.", true),
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
      onError: (error) => say(`The form could not go on: ${error.message}`, true),
      ...properties,
    });
  } catch (error) {
    say(`The form cannot be shown. ${error.message}`, true);
  }
}

/** The server says no: `code` is that of the problem, `said` all of it, the message is for a person. */
export class Refusal extends Error {
  constructor(text) {
    let said = {};
    try {
      said = JSON.parse(text);
    } catch {
      // Not from SAIF: a proxy, say.
    }
    super(said.message || "The server did not take it. Leave this page open, and finish again in a moment.");
    this.code = said.problem;
    this.said = said;
  }
}

/** Send an interview, whole. Returns the address of its page; throws a Refusal, or an Error if nobody answers. */
export async function send(url, interview, headers = {}) {
  const [whole] = requests(interview, Infinity);
  say("It is being sent.");
  const attempt = () =>
    post(url, whole, {
      headers: { "X-CSRF-Token": place.dataset.token, Accept: "application/problem+json", ...headers },
    });
  let { status, text } = await attempt();
  if (!status) throw new Error("The server was not reached. Nothing is lost: leave this page open, and finish again in a moment.");
  if (status !== 201 && SIGNED_OUT.has(new Refusal(text).code) && (await renew())) ({ status, text } = await attempt());
  if (status !== 201) throw new Refusal(text);
  return JSON.parse(text).page;
}

// Who signed out, or in again, in another window has another token: that of any page that is loaded now.
async function renew() {
  const answer = await fetch(place.dataset.fresh).catch(() => null);
  if (!answer?.ok) return false;
  if (answer.redirected) throw new Error("You are signed out. Nothing is lost: leave this page open, sign in in another window, and finish again here.");
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
