// Trying a draft in the browser: what is answered is sent as a test phone sends it, and its page is shown.
import { begin, guard, place, send } from "./engine.js";

const free = guard();
await begin({
  preloadProperties: { deviceID: "saif:trial", username: "trial" },
  onFinish: async (interview) => {
    const page = await send(place.dataset.send, interview);
    free();
    location.assign(page);
  },
});
