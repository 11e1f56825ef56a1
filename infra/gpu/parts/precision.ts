import { setTF32, supportedPrecisions } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { batchOf, networkOf, onCuda, openEngine, openExactEngine, rates } from "./networks.ts";
import { errorOf, type Found, notRun } from "./part.ts";

const steps = 20;

/** Products in TF32 are coarser than IEEE's and no worse than they should be; a training in bf16 goes as one in float32. */
export async function precision(): Promise<Found> {
  const float32 = await losses("fp32");
  const errors = onCuda() ? await errorsOfProducts() : null;
  const fine = !errors || (errors.ieee < 1e-6 && errors.tf32 > errors.ieee && errors.tf32 < 2e-3);
  const products = errors ?? { tf32: notRun };
  const precisions = supportedPrecisions();
  if (!precisions.includes("bf16")) return { ok: fine, ...products, bf16: "not run: the device has no bfloat16" };
  const bf16 = await losses("bf16");
  const apart = Math.abs((float32.at(-1) as number) - (bf16.at(-1) as number));
  return { ok: fine && apart < 0.1 * (float32[0] as number), ...products, loss: float32.at(-1), apart };
}

/** Of a matrix product, against TensorFlow.js' cpu backend. */
async function errorsOfProducts() {
  await import("@tensorflow/tfjs-backend-cpu");
  const product = () => {
    const [a, b] = [1, 2].map((seed) => tf.randomNormal([128, 256], 0, 1, "float32", seed)) as [
      tf.Tensor2D,
      tf.Tensor2D,
    ];
    return tf.matMul(a, b, false, true).data();
  };
  setTF32(false);
  const ieee = await product();
  setTF32(true);
  const tf32 = await product();
  await tf.setBackend("cpu");
  const expected = await product();
  await tf.setBackend("torch");
  return { ieee: errorOf(ieee, expected), tf32: errorOf(tf32, expected) };
}

async function losses(precision: "fp32" | "bf16"): Promise<number[]> {
  const engine = await (precision === "fp32" ? openExactEngine() : openEngine({ precision }));
  const trainer = engine.trainer({
    student: networkOf(engine, "resnet8", 16),
    objective: { crossEntropy: 1 },
    ...rates,
  });
  const each = [];
  for (let i = 0; i < steps; i++) each.push((await trainer.step(batchOf(16, 16), 0.05)).loss);
  engine.release();
  return each;
}
