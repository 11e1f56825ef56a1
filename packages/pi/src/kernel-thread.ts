/** A thread that garbles, evaluates and convolves what it is asked, one task after another; `threadedKernels` starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { kernelsAt } from "./choose-kernels.ts";
import type { Circuit } from "./circuit.ts";
import { GateHash } from "./gate-hash.ts";
import type { Level } from "./kernels.ts";
import type { ThreadAnswer, ThreadChunk, ThreadNews, ThreadTask } from "./thread-task.ts";

const kernels = kernelsAt(workerData as Level);
const circuits: Circuit[] = [];
const filters: Int32Array[] = [];

function chunkOf({ circuit: number, name, units }: ThreadChunk) {
  const circuit = circuits[number] as Circuit;
  return { circuit, units, hash: new GateHash(name, { ands: circuit.ands, units }) };
}

async function answer(task: ThreadTask): Promise<ThreadAnswer> {
  switch (task.kind) {
    case "garble":
      return { garbled: await kernels.garble({ ...chunkOf(task), zeros: task.zeros, delta: task.delta }) };
    case "evaluate":
      return { colors: await kernels.evaluate({ ...chunkOf(task), labels: task.labels, tables: task.tables }) };
    case "convolve":
      return { convolved: await kernels.convolve(task.shape, filters[task.filters] as Int32Array, task.image) };
  }
}

/** What is given away rather than copied. */
function arraysOf(given: ThreadAnswer): ArrayBufferView[] {
  if ("garbled" in given) return [given.garbled.tables, given.garbled.colors];
  if ("colors" in given) return [given.colors];
  return "convolved" in given ? [given.convolved] : [];
}

parentPort?.on("message", async (message: ThreadNews | ThreadTask) => {
  if (message.kind === "circuit") circuits.push(message.circuit);
  else if (message.kind === "filters") filters.push(message.filters);
  else {
    const given = await answer(message).catch((error: Error): ThreadAnswer => ({ error: error.message }));
    parentPort?.postMessage(
      given,
      arraysOf(given).map(({ buffer }) => buffer as ArrayBuffer),
    );
  }
});
