// Takes recordings, films and other files, which the engine shows no control for.
import { h, ref } from "vue";

const RECORD = { audio: "Record sound", video: "Record film" };
const CHOOSE = { audio: "Choose recording", video: "Choose film" };
// Where there is a recorder to ask for: browsers of phones.
const RECORDS = "capture" in document.createElement("input");

export const fileControl = {
  // The parts of the engine that stand above and below every control.
  props: ["question", "controlText", "validationMessage"],
  setup(props) {
    const inputs = { record: ref(null), choose: ref(null) };
    const take = (event) => {
      const [file] = event.target.files;
      if (file) props.question.setValue(file);
      // So that the same file can be chosen again after it was taken away.
      event.target.value = "";
    };
    const button = (words, input, attributes) => [
      h("button", { type: "button", class: "file-button", disabled: props.question.currentState.readonly, onClick: () => input.value.click() }, words),
      h("input", { ref: input, type: "file", hidden: true, tabindex: -1, "aria-hidden": "true", onChange: take, ...attributes }),
    ];
    return () => {
      const { question } = props;
      const { type, accept } = question.nodeOptions.media;
      const file = question.currentState.value;
      // As on a phone: a question for a file takes any, whatever its media type says.
      const kinds = type === "application" || type === null ? undefined : accept;
      return [
        h(props.controlText, { question }),
        h("div", { class: "file-control", role: "group" }, [
          RECORDS && RECORD[type] ? button(RECORD[type], inputs.record, { accept: kinds, capture: "user" }) : null,
          button(CHOOSE[type] ?? "Choose file", inputs.choose, { accept: kinds }),
        ]),
        file &&
          h("p", { class: "file-chosen" }, [
            h("bdi", file.name),
            ` ${size(file.size)} `,
            question.currentState.readonly
              ? null
              : h("button", { type: "button", class: "file-button", onClick: () => question.setValue(null) }, "Remove file"),
          ]),
        h(props.validationMessage, { message: question.validationState.violation?.message.formatted }),
      ];
    };
  },
};

function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
