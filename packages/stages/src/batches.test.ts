import type { TrainSettings } from "@reluctant/contracts";
import { shuffledIndices } from "@reluctant/relu";
import { expect, test } from "vitest";
import { trainingBatches } from "./batches.ts";
import type { StageData, TrainingContext } from "./context.ts";
import type { Batch } from "./engine.ts";

interface Asked {
  indices: number[];
  crops: { seed: number; epoch: number } | undefined;
  answer: (batch: Batch) => void;
  refuse: (error: unknown) => void;
}

/** Twelve training images whose batches come when a test says so: three steps of four an epoch, seven in all. */
function setup(settings: Partial<TrainSettings> = {}, streamed = false) {
  const asked: Asked[] = [];
  const abort = new AbortController();
  const data = {
    streamed,
    size: () => 12,
    order: (seed: number, epoch: number) => shuffledIndices(seed, epoch, 12),
    batch: (_, indices, crops) =>
      new Promise((answer, refuse) => asked.push({ indices: [...indices], crops, answer, refuse })),
  } as Partial<StageData>;
  const context = { data, seed: 9, signal: abort.signal, params: { steps: 7 } } as TrainingContext;
  const batches = trainingBatches(context, { batchSize: 4, cropPadding: 2, flip: true, ...settings });
  const answer = ({ indices, answer }: Asked) =>
    answer({ images: Uint8Array.from(indices), labels: Int32Array.from(indices) });
  return { asked, abort, batches, answer };
}

test("batches are made three steps ahead, come in the order of the steps however they arrive, and end with the run", async () => {
  const { asked, batches, answer } = setup();
  const first = batches.at(0);
  expect(asked).toHaveLength(4);
  for (const one of asked.toReversed()) answer(one);
  const seen = [await first];
  for (let step = 1; step < 7; step++) {
    const batch = batches.at(step);
    expect(asked.length).toBeLessThanOrEqual(step + 4);
    for (const one of asked) answer(one);
    seen.push(await batch);
  }
  expect(asked).toHaveLength(7);
  const order = [0, 1, 2].flatMap((epoch) => [...shuffledIndices(9, epoch, 12)]);
  expect(seen.flatMap(({ labels }) => [...labels])).toEqual(order.slice(0, 28));
});

test("a run that resumes within an epoch meets the batches it would have met, augmented alike", async () => {
  const all = setup();
  const resumed = setup();
  const take = async ({ batches, asked, answer }: ReturnType<typeof setup>, step: number) => {
    const batch = batches.at(step);
    for (const one of asked) answer(one);
    return batch;
  };
  for (let step = 0; step < 5; step++) await take(all, step);
  for (let step = 5; step < 7; step++) expect(await take(resumed, step)).toEqual(await take(all, step));
});

test("a batch that cannot be made ends the run at its own step, with what was wrong", async () => {
  const { asked, batches, answer } = setup();
  const first = batches.at(0);
  asked[1]?.refuse(new Error("shard-000003.tar at byte 512: not a readable image"));
  answer(asked[0] as Asked);
  await first;
  await expect(batches.at(1)).rejects.toThrow("shard-000003.tar at byte 512");
});

test("an abort is heard while a batch is waited for, and what it leaves unmade harms nobody", async () => {
  const { asked, abort, batches } = setup();
  const waiting = batches.at(0);
  abort.abort(new Error("asked to stop now"));
  await expect(waiting).rejects.toThrow("asked to stop now");
  for (const { refuse } of asked) refuse(new Error("nobody hears this"));
  await expect(batches.at(1)).rejects.toThrow("asked to stop now");
});

test("resized crops are drawn for the epoch, without padding, and only where the original images are", async () => {
  const { asked, batches, answer } = setup({ crop: "resized" }, true);
  const fourth = batches.at(3);
  for (const one of asked) answer(one);
  const { offsets } = await fourth;
  expect(asked.map(({ crops }) => crops)).toEqual([1, 1, 1, 2].map((epoch) => ({ seed: 9, epoch })));
  expect([...offsets].filter((_, i) => i % 3 < 2)).toEqual(new Array(8).fill(0));
  expect(() => setup({ crop: "resized" })).toThrow('crop "resized" needs the original images');
});
