// The form engine behind one function. Pages import it; what a page does with the answers is the page's matter.
import { createApp, h } from "vue";
import { OdkWebForm, webFormsPlugin } from "@getodk/web-forms";

const XML = "xml_submission_file";

/**
 * Show a form in `target`. `props` are those of OdkWebForm; `onSubmit(payload, done)` gets the answers, `onError(error)`
 * what went wrong while somebody answers. What is wrong with the form itself the engine says in a dialog of its own.
 *
 * With `draft`, as `Interview.draft` gave it, the same interview goes on: same instanceID, nothing counted as new. With
 * `editInstance`, as OdkWebForm describes it, a new version of an interview begins. `onOpen(interview)` gets the
 * Interview once it can be filled in. Returns a function that takes the form away again.
 */
export function mount(target, { draft, editInstance, onOpen, onError, ...props }) {
  // The engine asks this how an interview begins (vite.config.mjs).
  const begin = async (form, config) => {
    const instance = draft
      ? await form.restoreInstance({ data: [inData(draft)] }, config)
      : editInstance
        ? await form.editInstance(resolvable(editInstance), config)
        : form.createInstance(config);
    if (draft) speak(instance.root, draft.language);
    onOpen?.(new Interview(instance.root));
    return instance;
  };
  const app = createApp({ render: () => h(OdkWebForm, { ...props, editInstance: begin }) });
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

/** What somebody has answered so far. */
class Interview {
  #root;

  constructor(root) {
    this.#root = root;
  }

  /**
   * The answers as they stand: `xml`, `files` by the names that stand in it, and the `language` that is shown. As on a
   * phone, what is not relevant is left out. Nothing is set by looking: the end of the interview is not now.
   */
  get draft() {
    const root = this.#root;
    const files = [...root.rootDocument.attachments]
      .filter(([question]) => question.isAttached() && question.isRelevant())
      .map(([, attachment]) => attachment.getValue())
      .filter((file) => file !== null);
    return { xml: root.instanceState.instanceXML, files, language: root.currentState.activeLanguage.language ?? null };
  }
}

// A draft as the engine's own payload, which it reads back.
function inData({ xml, files }) {
  const data = new FormData();
  data.set(XML, new File([xml], XML, { type: "text/xml" }));
  for (const file of files) data.set(file.name, file);
  return data;
}

function resolvable({ resolveInstance, attachmentFileNames, resolveAttachment }) {
  const attachments = new Map(attachmentFileNames.map((name) => [name, () => resolveAttachment(name)]));
  return { inputType: "FORM_INSTANCE_INPUT_RESOLVABLE", resolveInstance, attachments };
}

function speak(root, language) {
  const found = root.languages.find((one) => one.language === language);
  if (found && !found.isSyntheticDefault) root.setLanguage(found);
}

const UNNAMED = ":not([aria-labelledby], [aria-label])";
const CONTROLS = `:is([role=combobox], [role=spinbutton])${UNNAMED}`;

// The engine leaves some controls without a name for those who hear the page: numbers, dates, lists to choose from, the set of
// choices as such, the buttons for files, and the menu of a repeat. They are called as their question is, in its
// language.
function name(target) {
  for (const question of target.querySelectorAll(".question-container:not([data-named])")) {
    const label = question.querySelector(".control-text label");
    if (!label) continue;
    question.dataset.named = "";
    label.id ||= `${question.id}_label`;
    for (const control of question.querySelectorAll(CONTROLS)) control.setAttribute("aria-labelledby", label.id);
    question.querySelector(".file-control")?.setAttribute("aria-labelledby", label.id);
    if (question.querySelector("input[type=radio], input[type=checkbox]")) {
      question.setAttribute("role", "group");
      question.setAttribute("aria-labelledby", label.id);
    }
  }
  for (const menu of target.querySelectorAll(`.button-menu${UNNAMED}`)) menu.setAttribute("aria-label", "Actions");
}
