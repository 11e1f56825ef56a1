/** A thread that carries out tasks of kernels, one after another; `threadedKernels` starts it. */
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
    case "send":
      return {
        sent: await kernels.randomSender(task.delta, task.seeds, task.from).extend(task.corrections, task.keys),
      };
    case "receive":
      return { received: await kernels.randomReceiver(task.seeds, task.from).extend(task.choices, task.keys) };
  }
}

/** What is given away rather than copied. */
function arraysOf(given: ThreadAnswer): ArrayBufferView[] {
  if ("garbled" in given) return [given.garbled.tables, given.garbled.colors];
  if ("colors" in given) return [given.colors];
  if ("sent" in given) return [given.sent.zeros, given.sent.ones];
  if ("received" in given) return [given.received.corrections, given.received.strings];
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
