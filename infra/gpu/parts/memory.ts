import { DeviceFullFailure } from "@reluctant/stages";
import { registerTorchBackend, setAsync, torchInfo } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs-core";
import { batchOf, networkOf, onCuda, openEngine, rates } from "./networks.ts";
import { type Found, notRun } from "./part.ts";

/** Uploads that do not wait, and more memory than there is. */
export async function memory(): Promise<Found> {
  await registerTorchBackend();
  await tf.setBackend("torch");
  setAsync(true);
  const mixedUp = await uploadsThatAreOverwritten();
  const error = await outOfMemory();
  const sum = (await tf.sum(tf.ones([1000])).data())[0]; // and it goes on
  return {
    ok: mixedUp === 0 && /out of memory|memory/i.test(error) && /\[\d+/.test(error) && sum === 1000,
    mixedUp,
    error,
    ...(onCuda() ? { ...cudaMemory(), ...(await batchThatFits()) } : { cuda: notRun }),
  };
}

/** A batch that does not fit ends in a failure that names one that does; a step of nine tenths of it is then taken. */
async function batchThatFits(): Promise<object> {
  const engine = await openEngine();
  const [name, side] = ["resnet50", 224];
  const trainer = () =>
    engine.trainer({ student: networkOf(engine, name, side), objective: { crossEntropy: 1 }, ...rates });
  const size = 8192; // 1.2 GB of bytes; its activations take a terabyte
  const failure: unknown = await trainer()
    .step(batchOf(size, side), 0.01)
    .catch((error: unknown) => error);
  engine.release();
  if (!(failure instanceof DeviceFullFailure)) return { ok: false, error: `not a DeviceFullFailure: ${failure}` };
  const { largestBatch, message } = failure;
  if (!largestBatch) return { ok: false, error: message };
  await trainer().step(batchOf(Math.floor(0.9 * largestBatch), side), 0.01);
  return { largestBatch, failure: message };
}

/** @returns how many tensors have other values than their arrays had */
async function uploadsThatAreOverwritten(): Promise<number> {
  const values = new Float32Array(1 << 20);
  const sums: Promise<Float32Array>[] = [];
  for (let i = 0; i < 100; i++) {
    values.fill(i);
    const mean = tf.tidy(() => tf.mean(tf.tensor1d(values)));
    sums.push(mean.data<"float32">());
    mean.dispose();
  }
  return (await Promise.all(sums)).filter(([mean], i) => mean !== i).length;
}

/** @returns what the operation that found no memory says */
async function outOfMemory(): Promise<string> {
  const kept: tf.Tensor[] = [];
  try {
    if (onCuda()) {
      const x = tf.ones([1 << 14, 1 << 14]); // 1 GB
      for (let i = 0; i < 4096; i++) kept.push(tf.add(x, i));
      await (kept.at(-1) as tf.Tensor).data();
    } else {
      const x = tf.ones([1 << 23, 1]);
      kept.push(tf.add(x, tf.ones([1, 1 << 23]))); // 256 TB
      await (kept[0] as tf.Tensor).data();
    }
    return "";
  } catch (error) {
    return (error as Error).message;
  } finally {
    tf.dispose(kept);
  }
}

function cudaMemory(): object {
  const { allocatedBytes, peakBytes, heldBytes, totalBytes } = torchInfo();
  return { allocatedBytes, peakBytes, heldBytes, totalBytes };
}
