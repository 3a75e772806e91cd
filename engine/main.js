// The form engine behind one function. Pages import it; what a page does with the answers is the page's matter.
import { createApp, h } from "vue";
import { OdkWebForm, webFormsPlugin } from "@getodk/web-forms";

/**
 * Show a form in `target`. `props` are those of OdkWebForm; `onSubmit(payload, done)` gets the answers, `onError(error)`
 * what went wrong while somebody answers. What is wrong with the form itself the engine says in a dialog of its own.
 * Returns a function that takes the form away again.
 */
export function mount(target, { onError, ...props }) {
  const app = createApp({ render: () => h(OdkWebForm, props) });
  if (onError) app.config.errorHandler = onError;
  app.use(webFormsPlugin);
  app.mount(target);
  const observer = new MutationObserver(() => name(target));
  observer.observe(target, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    app.unmount();
  };
}

const UNNAMED = ":not([aria-labelledby], [aria-label])";
const CONTROLS = `[role=combobox]${UNNAMED}`;

// The engine leaves some controls without a name for those who hear the page: dates, lists to choose from, the set of
// choices as such, and the menu of a repeat. They are called as their question is, in its language.
function name(target) {
  for (const question of target.querySelectorAll(".question-container:not([data-named])")) {
    const label = question.querySelector(".control-text label");
    if (!label) continue;
    question.dataset.named = "";
    label.id ||= `${question.id}_label`;
    for (const control of question.querySelectorAll(CONTROLS)) control.setAttribute("aria-labelledby", label.id);
    if (question.querySelector("input[type=radio], input[type=checkbox]")) {
      question.setAttribute("role", "group");
      question.setAttribute("aria-labelledby", label.id);
    }
  }
  for (const menu of target.querySelectorAll(`.button-menu${UNNAMED}`)) menu.setAttribute("aria-label", "Actions");
}
