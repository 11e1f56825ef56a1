import type { InputName, MetricPoint, Progress, TrainingParams } from "@reluctant/contracts";
import {
  appendLog,
  beatAttempt,
  type ClaimAnswer,
  claimAttempt,
  type Deps,
  dispatch,
  recordCheckpoint,
  registerWorker,
  writeMetrics,
} from "@reluctant/control";
import type { DatasetReader } from "@reluctant/datasets";
import {
  decodeSafetensors,
  type Engine,
  encodeSafetensors,
  type StageContext,
  stages,
  unattended,
} from "@reluctant/stages";
import { type Implementation, implementationVersions } from "@reluctant/stages/definitions";

export type Claim = Extract<ClaimAnswer, { outcome: "claimed" }>;

/** What computes, and on what. */
export interface Slot {
  engine: Engine;
  data: DatasetReader;
}

/** A worker that runs nothing by itself. */
export const register = (deps: Deps, { engine, data }: Slot, name: string): Promise<{ workerId: string }> =>
  registerWorker(deps, {
    name,
    hostname: "localhost",
    pool: "default",
    engine: engine.info,
    versions: implementationVersions,
    datasets: [data.version],
    preparingDatasets: [],
    unusableDatasets: [],
  });

/** Gives every ready stage run an attempt, and every attempt a worker of its own. */
export async function claimAll(deps: Deps, slot: Slot): Promise<Claim[]> {
  const workers: string[] = [];
  for (let number = 1; number <= 16; number++)
    workers.push((await register(deps, slot, `half-run-${number}`)).workerId);
  const claims: Claim[] = [];
  for (let born = await dispatch(deps); born.length > 0; born = await dispatch(deps)) {
    for (const { attemptId } of born) {
      const claimed = await claimAttempt(deps, { attemptId, workerId: workers[claims.length] as string });
      if (claimed.outcome !== "claimed") throw new Error(`attempt ${attemptId}: ${JSON.stringify(claimed)}`);
      claims.push(claimed);
    }
  }
  return claims;
}

/** Runs a stage as a worker does, until a little over half of its steps are done and in a checkpoint. */
export async function runHalf(deps: Deps, { epoch, assignment }: Claim, slot: Slot): Promise<number> {
  const { attemptId, implementation, params } = assignment;
  const ours = { attemptId, epoch };
  const points: MetricPoint[] = [];
  const lines: string[] = [];
  let latest: Progress | undefined;
  const mediaType = "application/vnd.safetensors";
  let asked = 0;
  const stopAt = Math.ceil(0.55 * (params as TrainingParams).steps);
  const output = await stages[implementation as Implementation].run({
    ...unattended,
    params,
    implementation,
    precision: assignment.precision,
    seed: assignment.seed,
    inputs: await inputsOf(deps, assignment.inputs),
    ...slot,
    report: {
      started() {},
      progress(progress, more) {
        latest = progress;
        points.push(...more);
      },
      log: (line) => void lines.push(`${line}\n`),
      async checkpoint(step, bytes) {
        const { sha256 } = await deps.artifacts.put({ attemptId, mediaType, bytes: whole(rounded(bytes)) });
        await recordCheckpoint(deps, { ...ours, step, sha256 });
      },
    },
    stopRequested: () => asked++ === stopAt,
  });
  if (output.outcome !== "stopped") throw new Error(`${implementation} ended before step ${stopAt}`);
  await writeMetrics(deps, { ...ours, points });
  await appendLog(deps, { ...ours, offset: 0, bytes: Buffer.from(lines.join("")) });
  await beatAttempt(deps, { ...ours, ...(latest && { progress: latest }) });
  return output.step;
}

/** The bytes of a stage's inputs by name. */
export async function inputsOf(
  { artifacts }: Pick<Deps, "artifacts">,
  inputs: Partial<Record<InputName, string>>,
): Promise<StageContext["inputs"]> {
  const read = async ([name, sha256]: [string, string]) => [name, await bytesOf({ artifacts }, sha256)];
  return Object.fromEntries(await Promise.all(Object.entries(inputs).map(read)));
}

export async function bytesOf({ artifacts }: Pick<Deps, "artifacts">, sha256: string): Promise<Uint8Array> {
  const stored = await artifacts.get(sha256);
  if (!stored) throw new Error(`artifact ${sha256} is not in the store`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stored.body) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/**
 * The checkpoint with what it holds beside weights rounded to bfloat16: momenta, scores, what activations learn. It is the
 * state of some run, if not of this one, and half as large when compressed.
 */
function rounded(checkpoint: Uint8Array): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(checkpoint);
  for (const [name, { values }] of tensors) {
    if (name.startsWith("weights.") || !(values instanceof Float32Array)) continue;
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (const [i, word] of bits.entries()) bits[i] = word & 0xffff0000;
  }
  return encodeSafetensors({ tensors, metadata });
}

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
