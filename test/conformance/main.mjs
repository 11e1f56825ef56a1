/**
 * `npm run conformance`: runs the specs that TensorFlow.js publishes for its own backends against the torch backend.
 * Options, after `--`: `--async` runs operators on the engine thread; `--only TEXT` takes the specs whose names contain
 * TEXT; `--sample N` takes every Nth of those; `--backend cpu` tries TensorFlow.js' cpu backend instead, which passes all;
 * `--specs FILE` takes a bundle made beforehand. The last line but one tells which kernels no spec has called, and how many operator schemas they all used.
 * The last line is {"passed":…,"excluded":…,"failed":…,"delegated":…}. Exit code 0 when none failed, 1 when one did,
 * 3 when libtorch is missing.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { callFused } from "./fused-calls.mjs";

const { values: options } = parseArgs({
  options: {
    backend: { type: "string", default: "torch" },
    only: { type: "string", default: "" },
    async: { type: "boolean", default: false },
    sample: { type: "string", default: "1" },
    specs: { type: "string" },
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
let seen = 0;
jasmine.configure({
  random: false, // as TensorFlow.js runs them
  forbidDuplicateNames: false,
  specFilter: (spec) => spec.getFullName().includes(options.only) && seen++ % Number(options.sample) === 0,
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

const specs = require(options.specs ?? (await (await import("./bundle.mjs")).bundleHere()));
if (options.backend === "torch") {
  await specs.torch.registerTorchBackend({ extensions: [specs.ops.trainingOps] }).catch((error) => {
    console.error(error.message);
    process.exit(3);
  });
}
const called = options.backend === "torch" && options.only === "" ? noteCalls(specs) : undefined;
if (options.async) globalThis.beforeEach(() => specs.torch.setAsync(true)); // each suite resets the backend
await jasmine.execute();
if (called) {
  await specs.tf.setBackend("torch");
  callFused(specs.tf, specs.ops);
}

/** Counts each kernel's calls from now on, and notes the operators that kernels look up. */
function noteCalls({ tf }) {
  const kernels = new Map();
  for (const kernel of tf.getKernelsForBackend("torch")) {
    const original = kernel.kernelFunc;
    kernels.set(kernel.kernelName, 0);
    kernel.kernelFunc = (call) => {
      kernels.set(kernel.kernelName, kernels.get(kernel.kernelName) + 1);
      return original(call);
    };
  }
  const schemas = new Set();
  const { bridge } = tf.findBackend("torch");
  const op = bridge.op;
  bridge.op = (name, overload, ...views) => {
    schemas.add(`${name}.${overload}`);
    return op(name, overload, ...views);
  };
  return { kernels, schemas };
}

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
if (called) {
  const uncalled = [...called.kernels].filter(([, calls]) => calls === 0).map(([name]) => name);
  console.log(JSON.stringify({ kernels: called.kernels.size, uncalled, schemas: called.schemas.size }));
}
console.log(
  JSON.stringify({
    passed: outcome.passed.length,
    excluded: outcome.excluded.length,
    failed: outcome.failed.length,
    delegated: delegated.length,
  }),
);
process.exit(outcome.failed.length > 0 ? 1 : 0);
