import type { PiSystem } from "@reluctant/contracts";
import { piSystemPresets, totalOf } from "@reluctant/relu";
import { activationsOf } from "../../activation.ts";
import { type ContextOf, inputOf, modelOf, type Split, type StageContext, type StageOutput } from "../../context.ts";
import type { Batch } from "../../engine.ts";
import { badInput, StageFailure } from "../../failure.ts";
import { decodeStudent } from "../../masks.ts";

/** Training images that choose the bounds of the arithmetic. */
const calibrationImages = 16;

/** Images that go through the network in the clear at once, as evaluations have them. */
const sliceImages = 250;

/**
 * Infers test images privately, one after another, and compares with what the network says in the clear. It changes no
 * network and chooses nothing: the bounds are those of training images.
 */
export async function measureBy(system: PiSystem, context: ContextOf<"private-inference">): Promise<StageOutput> {
  const { linear, relus, leavesOut } = piSystemPresets[system];
  const { engine, data, params, privateInference, report, signal } = context;
  const model = modelOf(context);
  const network = badInput("input prModel", () => decodeStudent(inputOf(context, "prModel"), model));
  const batch = await firstImages(context, "test", { count: params.samples, multipleOf: params.batch });
  const calibration = await firstImages(context, "train", { count: calibrationImages, multipleOf: 1 });

  const inTheClear = engine.network({ model, weights: network.weights, normalization: data });
  inTheClear.setActivations(activationsOf(model, network));
  const plaintext: Float32Array[] = [];
  for (const slice of slicesOf(batch)) plaintext.push(...rowsOf(await inTheClear.logits(slice), slice.labels.length));

  report.started(0);
  const startedAt = performance.now();
  const { logits, cost, machine } = await privateInference.measure({
    model,
    network,
    images: normalizedImages(context, batch),
    calibration: normalizedImages(context, calibration),
    protocol: params.protocol,
    linear: params.linear ?? "dealer",
    schedule: { linear: linear.when, relus: relus.when },
    profile: params.profile,
    batch: params.batch,
    threads: params.threads,
    signal,
    onInferred(done) {
      const imagesPerSecond = (1000 * done) / (performance.now() - startedAt);
      report.progress({ step: done, totalSteps: batch.labels.length, imagesPerSecond, loss: null }, []);
    },
  });

  const shareWhere = (holds: (image: number) => boolean) =>
    logits.filter((_, image) => holds(image)).length / logits.length;
  const privately = logits.map(classOf);
  const inClear = plaintext.map(classOf);
  return {
    outcome: "succeeded",
    result: {
      kind: "private-inference",
      samples: logits.length,
      reluCount: totalOf(network.masks),
      privateAccuracy: shareWhere((image) => privately[image] === batch.labels[image]),
      plaintextAccuracy: shareWhere((image) => inClear[image] === batch.labels[image]),
      agreement: shareWhere((image) => privately[image] === inClear[image]),
      logitError: logitErrorOf(logits, plaintext),
      cost: { ...cost, label: [cost.label, leavesOut].filter(Boolean).join("; ") || null },
      machine,
    },
    artifacts: [],
    points: [],
  };
}

/** As many as are asked for, or all whole batches that there are. */
async function firstImages(
  { data }: StageContext,
  split: Split,
  { count, multipleOf }: { count: number; multipleOf: number },
): Promise<Batch> {
  const there = Math.min(count, data.size(split));
  const images = there - (there % multipleOf);
  if (images === 0)
    throw new StageFailure("bad-input", `the data set has ${there} ${split} images: an inference takes ${multipleOf}`);
  return data.batch(
    split,
    Uint32Array.from({ length: images }, (_, image) => image),
  );
}

/** Each image as the network reads it: (h, w, c), normalized by channel. */
function normalizedImages({ data }: StageContext, { images, labels }: Batch): Float32Array[] {
  const { inputShape, mean, std } = data;
  const [height, width, channels] = inputShape;
  const size = height * width * channels;
  return Array.from(labels, (_, image) =>
    Float32Array.from(
      images.subarray(image * size, (image + 1) * size),
      (pixel, i) => (pixel / 255 - (mean[i % channels] as number)) / (std[i % channels] as number),
    ),
  );
}

function slicesOf({ images, labels }: Batch): Batch[] {
  const size = images.length / labels.length;
  return Array.from({ length: Math.ceil(labels.length / sliceImages) }, (_, slice) => {
    const [start, end] = [slice * sliceImages, (slice + 1) * sliceImages];
    return { images: images.subarray(start * size, end * size), labels: labels.subarray(start, end) };
  });
}

const rowsOf = (logits: Float32Array, images: number): Float32Array[] => {
  const classes = logits.length / images;
  return Array.from({ length: images }, (_, image) => logits.subarray(image * classes, (image + 1) * classes));
};

const classOf = (logits: ArrayLike<number>): number =>
  Array.from(logits).reduce((best, logit, index) => (logit > (logits[best] as number) ? index : best), 0);

function logitErrorOf(logits: readonly ArrayLike<number>[], plaintext: readonly ArrayLike<number>[]) {
  const errors = logits.flatMap((row, image) =>
    Array.from(row, (logit, index) => Math.abs(logit - (plaintext[image]?.[index] as number))),
  );
  const sum = errors.reduce((total, error) => total + error, 0);
  const largest = errors.reduce((most, error) => Math.max(most, error), 0); // too many to be arguments
  return { largest, mean: sum / errors.length };
}
