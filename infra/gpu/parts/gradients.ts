import type { Engine, HostTensor } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { batchOf, networkOf, openExactEngine } from "./networks.ts";
import { errorOf, type Found } from "./part.ts";

const name = "resnet8"; // the cpu backend takes minutes for a family of 512 channels
const side = 8;

/** Gradients of a distillation step against those of TensorFlow.js' cpu backend, relative to the largest of each tensor. */
export async function gradients(): Promise<Found> {
  const engine = await openExactEngine();
  const ours = await gradientsOf(engine);
  await tf.setBackend("cpu");
  const expected = await gradientsOf(engine);
  const error = Math.max(...[...expected].map(([key, { values }]) => errorOf(ours.get(key)?.values, values)));
  return { ok: error < 1e-4, network: name, error };
}

/** From the first momenta of a step at rate 0. */
async function gradientsOf(engine: Engine): Promise<ReadonlyMap<string, HostTensor>> {
  const [student, teacher] = [networkOf(engine, name, side, 1), networkOf(engine, name, side, 2)];
  const objective = { crossEntropy: 1, pram: { form: "attention", weight: 20 } } as const;
  const trainer = engine.trainer({ student, teacher, objective, momentum: 0.9, weightDecay: 0 });
  await trainer.step(batchOf(2, side), 0);
  const momenta = await trainer.readMomenta();
  engine.release();
  return momenta;
}
