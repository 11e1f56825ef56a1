/** On CUDA the torch backend has none of the fused kernels: networks train and are measured by the composed twins. */
import { type Engine, maskedRelus } from "@reluctant/stages";
import { trainingOps } from "@reluctant/training-ops";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { engineOrReason } from "./conformance/backends.ts";
import { everyTerm, setup, someMasks, tinyModel } from "./conformance/subject.ts";

const { engine, reason } = await engineOrReason("torch");

/** Losses of four steps, of which the last ones are replays, then what the two measurements of a batch find. */
async function measured(engine: Engine): Promise<number[]> {
  const { student, teacher, batch, trainer } = setup(engine);
  student.setActivations(maskedRelus(someMasks(tinyModel)));
  const training = trainer({ teacher, objective: everyTerm, score: "paper" });
  const losses: number[] = [];
  for (let step = 0; step < 4; step++) losses.push((await training.step(batch, 0.01)).loss);
  const correct = await student.countCorrect(batch);
  const sums = await student.sumUnits("activation", batch);
  engine.release();
  return [...losses, correct, ...sums.flatMap((layer) => [...layer])];
}

it("without fused kernels a network trains and is measured as with them", skipFor(reason), async () => {
  const fused = await measured(engine as Engine);
  for (const name of trainingOps.kernels.flatMap(Object.keys)) tf.unregisterKernel(name, "torch");
  const composed = await measured(engine as Engine);
  expect(composed).toHaveLength(fused.length);
  for (const [i, value] of fused.entries()) expect(composed[i]).toBeCloseTo(value, 3);
});
