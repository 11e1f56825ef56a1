/** A thread that garbles and evaluates chunks, one after another; `ThreadedKernels` starts it. */
import { parentPort, workerData } from "node:worker_threads";
import { kernelsAt } from "./choose-kernels.ts";
import type { Circuit } from "./circuit.ts";
import { GateHash } from "./gate-hash.ts";
import type { Level } from "./kernels.ts";
import type { ThreadAnswer, ThreadChunk, ThreadTask } from "./thread-task.ts";

const kernels = kernelsAt(workerData as Level);
const circuits: Circuit[] = [];

function chunkOf({ circuit: number, name, units }: ThreadChunk) {
  const circuit = circuits[number] as Circuit;
  return { circuit, units, hash: new GateHash(name, { ands: circuit.ands, units }) };
}

async function answer(task: Exclude<ThreadTask, { kind: "circuit" }>): Promise<ThreadAnswer> {
  if (task.kind === "evaluate")
    return { colors: await kernels.evaluate({ ...chunkOf(task), labels: task.labels, tables: task.tables }) };
  return { garbled: await kernels.garble({ ...chunkOf(task), zeros: task.zeros, delta: task.delta }) };
}

const buffersOf = (given: ThreadAnswer): ArrayBuffer[] => {
  if ("garbled" in given)
    return [given.garbled.tables, given.garbled.colors].map(({ buffer }) => buffer as ArrayBuffer);
  return "colors" in given ? [given.colors.buffer as ArrayBuffer] : [];
};

parentPort?.on("message", async (task: ThreadTask) => {
  if (task.kind === "circuit") {
    circuits.push(task.circuit);
    return;
  }
  const given = await answer(task).catch((error: Error): ThreadAnswer => ({ error: error.message }));
  parentPort?.postMessage(given, buffersOf(given));
});
