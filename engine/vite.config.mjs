// One file, without what the pages of SAIF do not allow or need: maps from outside, fonts, eval.
const ENGINE = /@getodk\/web-forms\/dist\/[^/]*\.js$/;

// Each must be found this often in the engine, or the build stops: another version must be looked at anew.
const CHANGES = [
  // The letters of the system do, and 0.9 MB less travels.
  { what: /@font-face\{[^}]*\}/g, by: "", times: 27 },
  // Recordings, films and other files are taken by a control of ours.
  {
    what: /createElementBlock\("p", null, "🚧 Support for non-image uploads is pending. 🚧"\)/g,
    by: "createBlock(fileControl, { question: eA.question, controlText: ControlText, validationMessage: ValidationMessage })",
    times: 1,
  },
  // How an interview begins, main.js says: the component knows new ones and edits, its engine drafts, too.
  {
    what: /const rA = resolvableFormInstanceInput\(tA\.editInstance\), oA = await AA\.editInstance\(rA, nA\);/g,
    by: "const oA = await tA.editInstance(AA, nA);",
    times: 1,
  },
  // Dates of answers, and not only of texts: a form with decimal-date-time(${born}) stopped as soon as it was answered.
  {
    what: /throw new Error\(\s*"Expected a NUMBER or STRING evaluation type for date-time conversion[^"]*"\s*\)/g,
    by: "return dateTimeFromString(AA, tA.toString())",
    times: 1,
  },
  {
    what: /throw new Error\("Invalid input type for date function: expected STRING or NUMBER\."\)/g,
    by: "return new DateTimeLikeEvaluation(eA, dateTimeFromString(eA.timeZone, AA.toString()))",
    times: 1,
  },
  // Pictures of a question with max-pixels are made smaller without workers of code in addresses: no page allows those,
  // and what waited for them waited for ever.
  { what: /features: \["js", "wasm", "ww"\]/g, by: 'features: ["js", "wasm"]', times: 1 },
  // Emscripten's loader of libraries with JavaScript inside. The grammar of XPath is none.
  { what: /(?<![.\w])eval\(/g, by: "noEval(", times: 2 },
];

function trimmed() {
  const found = CHANGES.map(() => 0);
  return {
    name: "trimmed",
    enforce: "pre",
    resolveId(source) {
      return /\/MapBlock-[^/]*\.js$/.test(source) ? new URL("map.js", import.meta.url).pathname : null;
    },
    transform(code, id) {
      if (!ENGINE.test(id)) return null;
      CHANGES.forEach(({ what, by }, at) => {
        code = code.replace(what, () => {
          found[at] += 1;
          return by;
        });
      });
      const ours = `import { fileControl } from "${new URL("file.js", import.meta.url).pathname}";\n`;
      return { code: `${ours}${code}\nfunction noEval() { throw new Error("eval is off"); }\n`, map: null };
    },
    buildEnd() {
      CHANGES.forEach(({ what, times }, at) => {
        if (found[at] !== times) this.error(`${what} was found ${found[at]} times, not ${times}`);
      });
    },
  };
}

export default {
  plugins: [trimmed()],
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    target: "es2022",
    outDir: "../app/static/odk",
    emptyOutDir: false,
    modulePreload: false,
    chunkSizeWarningLimit: 4000,
    rollupOptions: {
      input: "main.js",
      preserveEntrySignatures: "strict",
      output: { entryFileNames: "web-forms.js", inlineDynamicImports: true },
    },
  },
};
