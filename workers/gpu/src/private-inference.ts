import { cpus } from "node:os";
import type { PiCost } from "@reluctant/contracts";
import { othersShareSince, processorTime } from "@reluctant/machine";
import {
  BatchError,
  type Cost,
  calibrate,
  decode,
  encode,
  type Measurement,
  measure,
  NoiseError,
  OutOfBoundsError,
  PackingError,
  type Phase,
  quantize,
  totalOf,
  UnsupportedNetworkError,
} from "@reluctant/pi";
import { type PrivateInference, type PrivateInferenceRequest, StageFailure } from "@reluctant/stages";

/** Share of all cores above which other processes' work makes times doubtful; on many cores half a one is less, and enough. */
const disturbingShare = (cores: number): number => Math.min(0.05, 0.5 / cores);

/** Inferences before those of the samples, and not counted: compilers and caches are cold, and the server enrolls its weights. */
const warmUps = 1;

/** Private inference between processes of this machine. */
export const privateInference: PrivateInference = {
  async measure({ images, protocol, linear, schedule, profile, batch, threads, signal, onInferred, ...request }) {
    const network = await explained(() => privateNetwork(request));
    const before = processorTime();
    const vectors = images.map((image) => encode(image));
    const warming = warmUps * batch;
    const measured = await explained(() =>
      measure({
        network,
        images: [...vectors.slice(0, warming), ...vectors],
        relus: protocol,
        linear,
        schedule,
        profile,
        batch,
        threads,
        signal,
        onInferred: (inferred) => onInferred(Math.max(0, inferred - warming)),
      }),
    );
    const othersShare = othersShareSince(before);
    return {
      logits: measured.logits.slice(warming).map((logits) => decode(logits)),
      cost: costOf(measured),
      machine: {
        processor: cpus()[0]?.model ?? "unknown",
        cores: cpus().length,
        level: measured.levels.client,
        othersShare,
        disturbed: othersShare !== null && othersShare > disturbingShare(cpus().length),
      },
    };
  },
};

function privateNetwork({
  model,
  network,
  calibration,
}: Pick<PrivateInferenceRequest, "model" | "network" | "calibration">) {
  const { weights, masks, polynomials } = network;
  return calibrate(
    quantize({ model, tensors: weights, masks, polynomials }),
    calibration.map((image) => encode(image)),
  );
}

/** What a network cannot be carried out by is its fault, or the spec's: trying again would not help. */
async function explained<T>(run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (unfit.some((kind) => error instanceof kind)) throw new StageFailure("bad-input", (error as Error).message);
    throw error;
  }
}
const unfit = [BatchError, UnsupportedNetworkError, OutOfBoundsError, NoiseError, PackingError];

function costOf({ client, label }: Measurement): PiCost {
  const samples = client.slice(warmUps);
  return {
    offline: spreadOf(samples, "offline"),
    online: spreadOf(samples, "online"),
    steps: meanSteps(samples),
    label,
  };
}

/** Of inferences by time the middle one, or of an even number the mean of the middle two, with the fastest and the slowest. */
function spreadOf(samples: readonly Cost[][], phase: Phase): PiCost["online"] {
  const totals = samples.map((costs) => totalOf(costs, phase)).sort((a, b) => a.ms - b.ms);
  const middle = [(totals.length - 1) >> 1, totals.length >> 1];
  const [least, lower, upper, most] = [0, ...middle, totals.length - 1].map((place) => totals[place]);
  if (!least || !lower || !upper || !most) throw new Error("no image was inferred");
  // what else it cost is the same of every image
  return { ...upper, ms: (lower.ms + upper.ms) / 2, leastMs: least.ms, mostMs: most.ms };
}

/** Every inference takes the same steps in the same order. */
const meanSteps = (samples: readonly Cost[][]): PiCost["steps"] =>
  (samples[0] ?? []).map(({ phase, step }, place) => {
    const mean = (of: (cost: Cost) => number) =>
      samples.reduce((sum, costs) => sum + of(costs[place] as Cost), 0) / samples.length;
    return {
      phase,
      step,
      ms: mean(({ ms }) => ms),
      bytesSent: mean(({ bytesSent }) => bytesSent),
      bytesReceived: mean(({ bytesReceived }) => bytesReceived),
      rounds: mean(({ rounds }) => rounds),
    };
  });
