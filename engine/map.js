// Stands for the engine's map. Map pictures would come from another server, and tell it where an interview is held.
import { h } from "vue";

const words = "There is no map in the browser: it would tell another server the place. The phone shows one.";

export default { render: () => h("p", { class: "no-map" }, words) };
