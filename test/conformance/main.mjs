/**
 * `npm run conformance`: runs the specs that TensorFlow.js publishes for its own backends against the torch backend.
 * Options, after `--`: `--async` runs operators on the engine thread; `--only TEXT` takes the specs whose names contain
 * TEXT; `--backend cpu` tries TensorFlow.js' cpu backend instead, which passes all.
 * The last line is {"passed":…,"excluded":…,"failed":…,"delegated":…}. Exit code 0 when none failed, 1 when one did,
 * 3 when libtorch is missing.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { bundleSpecs } from "./bundle.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "torch" },
    only: { type: "string", default: "" },
    async: { type: "boolean", default: false },
  },
});
if (options.backend !== "torch" && options.backend !== "cpu") {
  console.error(`--backend: "${options.backend}" is neither torch nor cpu`);
  process.exit(2);
}
process.env.CONFORMANCE_BACKEND = options.backend;

/** Spec name, without the backend's, to the reason why the torch backend does otherwise. */
const reasons = new Map(Object.entries(JSON.parse(readFileSync(new URL("exclusions.json", import.meta.url), "utf8"))));
const excluded = options.backend === "torch" ? reasons : new Map();
const nameOf = (spec) => spec.fullName.replace(` ${options.backend} {}`, "");

const require = createRequire(import.meta.url);
const jasmine = require("jasmine-core").boot().getEnv();
jasmine.configure({
  random: false, // as TensorFlow.js runs them
  forbidDuplicateNames: false,
  specFilter: (spec) => spec.getFullName().includes(options.only),
});

const outcome = { passed: [], excluded: [], failed: [], pending: [] };
jasmine.addReporter({
  specDone(spec) {
    const name = nameOf(spec);
    if (spec.status === "failed")
      (excluded.has(name) ? outcome.excluded : outcome.failed).push([name, firstError(spec)]);
    else if (spec.status === "passed" && excluded.has(name))
      outcome.failed.push([name, "passes: take it off exclusions.json"]);
    else outcome[spec.status]?.push([name]); // the rest was filtered out
  },
  suiteDone(suite) {
    if (suite.failedExpectations.length > 0) outcome.failed.push([nameOf(suite), firstError(suite)]);
  },
});
const firstError = ({ failedExpectations }) => failedExpectations[0].message.slice(0, 300);

const specs = require(await bundleSpecs());
if (options.backend === "torch") {
  await specs.torch.registerTorchBackend().catch((error) => {
    console.error(error.message);
    process.exit(3);
  });
}
if (options.async) globalThis.beforeEach(() => specs.torch.setAsync(true)); // each suite resets the backend
await jasmine.execute();

const met = new Set(Object.values(outcome).flatMap((specs) => specs.map(([name]) => name)));
if (options.only === "") {
  for (const name of excluded.keys()) {
    if (!met.has(name)) outcome.failed.push([name, "is no spec: take it off exclusions.json"]);
  }
}

for (const [name, message] of outcome.failed) console.log(`failed: ${name}\n  ${message}`);
for (const [name] of outcome.excluded) console.log(`excluded: ${name}\n  ${excluded.get(name)}`);
if (outcome.pending.length > 0) console.log(`switched off by TensorFlow.js itself: ${outcome.pending.length}`);
const delegated = options.backend === "torch" ? specs.torch.delegatedKernels : [];
if (delegated.length > 0) console.log(`computed by TensorFlow.js' cpu backend: ${delegated.join(" ")}`);
console.log(
  JSON.stringify({
    passed: outcome.passed.length,
    excluded: outcome.excluded.length,
    failed: outcome.failed.length,
    delegated: delegated.length,
  }),
);
process.exit(outcome.failed.length > 0 ? 1 : 0);
