/**
 * Proves that no call ends the process. First every kernel of the torch backend: the calls that TensorFlow.js' specs
 * make are noted, then made again with one or two things wrong: another rank or type, an empty, string, disposed or
 * missing tensor, attributes that make no sense. Then every operation of TensorFlow.js, and of our own, with odd
 * arguments, and recorded steps whose variables are misused. Any call may throw an Error; none may crash, and an
 * operation's result must have the values that its shape and type announce.
 * Each call's name is written before it is made: the last line of a process that crashed tells which one it was.
 *
 * node odd-inputs.mjs [rounds, default 10] [part of a name, default all]; the last line is {"calls":…,"wrong":…}.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { bundleHere } from "./bundle.mjs";
import { callFused } from "./fused-calls.mjs";
import { runOddSteps } from "./odd-steps.mjs";
import { generator, junk, numbers, pick, plausible, shapes, sizes } from "./odd-values.mjs";

const rounds = Number(process.argv[2] ?? 10);
const only = process.argv[3] ?? "";

process.env.CONFORMANCE_BACKEND = "torch";
const require = createRequire(import.meta.url);
const jasmine = require("jasmine-core").boot().getEnv();
jasmine.configure({ random: false, forbidDuplicateNames: false });
const { tf, torch, ops } = require(await bundleHere());
await torch.registerTorchBackend({ extensions: [ops.trainingOps] }).catch((error) => {
  console.error(error.message);
  process.exit(3);
});

/** Kernel name to calls of different kinds: inputs as { shape, dtype, values }, and attributes. */
const samples = new Map();
const samplesPerKernel = 12;
const stepsPerRound = 24;

/** Notes a kernel's calls while `run` runs. */
async function noting(run) {
  const kernels = tf.getKernelsForBackend("torch").map((kernel) => ({ kernel, original: kernel.kernelFunc }));
  for (const { kernel, original } of kernels) {
    const kinds = new Set();
    const calls = [];
    samples.set(kernel.kernelName, calls);
    kernel.kernelFunc = (call) => {
      const kind = JSON.stringify([Object.values(call.inputs).map((x) => x?.shape), call.attrs]);
      if (calls.length < samplesPerKernel && !kinds.has(kind)) {
        kinds.add(kind);
        calls.push({ inputs: mapTensors(call.inputs, copyOut), attrs: mapTensors(call.attrs ?? {}, copyOut) });
      }
      return original(call);
    };
  }
  await run();
  for (const { kernel, original } of kernels) kernel.kernelFunc = original;
}

const isTensor = (x) => typeof x === "object" && x !== null && "dataId" in x;
const isCopy = (x) => typeof x === "object" && x !== null && Object.hasOwn(x, "values");
/** Applies f to tensors, or their copies, and to those in lists: our own kernels have them among their attributes. */
const mapTensors = (named, f) => {
  const mapped = (x) => (isTensor(x) || isCopy(x) ? f(x) : Array.isArray(x) ? x.map(mapped) : x);
  return Object.fromEntries(Object.entries(named).map(([name, x]) => [name, mapped(x)]));
};
const copyOut = ({ shape, dtype, dataId }) => ({ shape, dtype, values: tf.engine().backend.readSync(dataId) });
const copyIn = ({ shape, dtype, values }) => ({
  shape,
  dtype,
  dataId: tf.engine().backend.write(values, shape, dtype),
});

const dtypes = ["float32", "float32", "int32", "bool", "string", "complex64"];
function oddTensor(random) {
  const anyShape = () => Array.from({ length: Math.floor(random() * 6) }, () => Math.floor(random() * 4));
  const shape = random() < 0.4 ? pick(random, shapes) : anyShape();
  const dtype = pick(random, dtypes);
  const length = tf.util.sizeFromShape(shape);
  if (dtype === "complex64") return tf.complex(tf.ones(shape), tf.zeros(shape));
  const values = { string: ["", "a", "ü"], bool: [0, 1] }[dtype] ?? [0, 1, 2, 0, 1, 2, -1, 5, Number.NaN, 2 ** 31 - 1];
  const t = tf.tensor(
    Array.from({ length }, () => pick(random, values)),
    shape,
    dtype,
  );
  if (random() < 0.05) t.dispose();
  return t;
}

/** A tensor with something changed, or nothing in its place. */
function damaged(x, random) {
  const backend = tf.engine().backend;
  const fill = (shape, dtype) => ({ shape, dtype, dataId: backend.write(null, shape, dtype) });
  const numeric = isTensor(x) && x.dtype !== "string" ? x : oddTensor(random);
  const changes = [
    () => oddTensor(random),
    () => oddTensor(random),
    () => undefined,
    () => fill([...numeric.shape, 2], "float32"),
    () => fill(numeric.shape.slice(1), "float32"),
    () =>
      fill(
        numeric.shape.map((d, i) => (i === 0 ? 0 : d)),
        "float32",
      ),
    () =>
      fill(
        numeric.shape.map((d, i) => (i === numeric.shape.length - 1 ? d + 1 : d)),
        "float32",
      ),
    () =>
      fill(
        numeric.shape.map((d) => Math.max(0, d - 1)),
        "float32",
      ),
    () => fill(numeric.shape, pick(random, ["int32", "bool", "complex64"])),
  ];
  return pick(random, changes)();
}

const holdsTensors = (x) => Array.isArray(x) && x.some(isTensor);

/** A list of tensors with one of them damaged, gone, or there twice. */
function damagedList(list, random) {
  const at = Math.floor(random() * list.length);
  const changes = [
    () => list.map((x, i) => (i === at && isTensor(x) ? damaged(x, random) : x)),
    () => list.filter((_, i) => i !== at),
    () => [],
    () => list.map(() => list[at]),
  ];
  return pick(random, changes)();
}

let calls = 0;
const wrong = [];
function attempt(label, call) {
  if (!label.includes(only)) return;
  writeSync(1, `${label}\n`);
  calls++;
  tf.engine().startScope();
  try {
    call();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  try {
    tf.engine().endScope();
  } catch {
    // TensorFlow.js gave a tensor a type that it does not know
  }
}

function callKernels(round) {
  for (const { kernelName, kernelFunc } of tf.getKernelsForBackend("torch")) {
    for (const [i, sample] of samples.get(kernelName).entries()) {
      const random = generator(`${kernelName} ${i} ${round}`);
      attempt(`kernel ${kernelName} ${i} ${round}`, () => {
        const inputs = mapTensors(sample.inputs, copyIn);
        const attrs = mapTensors(sample.attrs, copyIn);
        const names = [...Object.keys(inputs), ...Object.keys(attrs)];
        for (let changes = 1 + Math.floor(random() * 2); changes > 0 && names.length > 0; changes--) {
          const name = pick(random, names);
          const holder = name in inputs ? inputs : attrs;
          if (holdsTensors(holder[name])) holder[name] = damagedList(holder[name], random);
          else if (name in inputs || isTensor(attrs[name])) holder[name] = damaged(holder[name], random);
          else attrs[name] = pick(random, random() < 0.3 ? junk : (plausible[name] ?? junk));
        }
        const backend = tf.engine().backend;
        try {
          for (const x of [kernelFunc({ inputs, attrs, backend })].flat()) {
            backend.readSync(x.dataId);
            backend.disposeData(x.dataId);
          }
        } finally {
          const free = (x) => isTensor(x) && backend.disposeData(x.dataId);
          mapTensors(inputs, free);
          mapTensors(attrs, free);
        }
      });
    }
  }
}

/** What does not compute, or changes how others do. */
const noOperation =
  /^(set|get|register|unregister|deregister|remove|copy|find|enable|disable|dispose|keep|ready|engine|env|backend|memory|profile|time|nextFrame|print|[A-Z])|^(customGrad|grads?|valueAndGrads?|variableGrads|tidy|ensureBuilt|countOperators|recordStep)$/;

const { image, linalg, losses, signal, spectral, sparse, string, fused } = tf;
const operations = Object.entries({ ...tf, ...image, ...linalg, ...losses, ...signal, ...spectral, ...sparse })
  .concat(Object.entries(string), Object.entries(fused), Object.entries(torch), Object.entries(ops))
  .filter(([name, operation]) => typeof operation === "function" && !noOperation.test(name));

function callOperations(round) {
  for (const [i, [name, operation]] of operations.entries()) {
    const label = `operation ${name} ${i} ${round}`;
    const random = generator(label);
    attempt(label, () => {
      const list = (length, make) => Array.from({ length }, make);
      const tensors = list(1 + Math.floor(random() * 3), () => oddTensor(random));
      const rest = list(Math.floor(random() * 4), () => pick(random, pick(random, [sizes, numbers, shapes, junk])));
      const result = operation(...tensors, ...rest);
      if (result instanceof Promise) result.catch(() => undefined);
      else for (const x of [result].flat()) if (isTensor(x)) compare(label, x);
    });
  }
}

/** A tensor must have as many values, and of the type, as it says. */
function compare(label, { dataId, shape, dtype }) {
  const values = tf.engine().backend.readSync(dataId);
  const expected = tf.util.sizeFromShape(shape) * (dtype === "complex64" ? 2 : 1);
  if (values.length !== expected) wrong.push(`${label}: shape [${shape}] with ${values.length} values`);
  const ArrayType = { int32: Int32Array, float32: Float32Array, bool: Uint8Array }[dtype];
  if (ArrayType && !(values instanceof ArrayType)) wrong.push(`${label}: ${dtype} in ${values.constructor.name}`);
}

async function callSteps(round) {
  for (let i = 0; i < stepsPerRound; i++) {
    const label = `recorded step ${i} ${round}`;
    if (!label.includes(only)) continue;
    writeSync(1, `${label}\n`);
    calls += await runOddSteps({ tf, torch, ops }, generator(label));
    torch.setAsync(round % 2 === 1);
  }
}

await noting(async () => {
  await jasmine.execute();
  tf.env().set("IS_TEST", true); // no greetings
  await tf.setBackend("torch");
  callFused(tf, ops);
});
for (let round = 0; round < rounds; round++) {
  torch.setAsync(round % 2 === 1);
  callKernels(round);
  callOperations(round);
  await callSteps(round);
}
for (const line of wrong) console.log(`wrong: ${line}`);
const untried = [...samples].filter(([, calls]) => calls.length === 0).map(([name]) => name);
if (untried.length > 0) console.log(`no call is known of: ${untried.join(" ")}`);
console.log(JSON.stringify({ calls, wrong: wrong.length }));
process.exit(0);
