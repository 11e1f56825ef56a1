/** TensorFlow.js holds what every node computes until a `tidy` ends: 1.3 GB for 250 images of ResNet-18, where 0.3 do. */
import { type Model, models } from "@reluctant/relu";
import { initialWeights } from "@reluctant/stages";
import { ensureBuilt, torchInfo } from "@reluctant/tfjs-backend-torch";
import { expect, it } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { createEngine } from "./engine.ts";
import { testBatch, testData } from "./test-data.ts";

const built = await ensureBuilt();
const missing = "missing" in built ? built.missing : undefined;

it("evaluation holds no more than the nodes to come read", skipFor(missing), async () => {
  const [side, images] = [32, 64];
  const engine = await createEngine({ backend: "torch", threads: 1, precision: "fp32" });
  const model = models.resnet8?.build([side, side, 3], 4) as Model;
  const network = engine.network({ model, weights: initialWeights(model, 1), normalization: testData(side) });
  const before = torchInfo().allocatedBytes;
  await network.countCorrect(testBatch("test", new Uint32Array(images), side));
  const largest = images * side * side * 16 * 4;
  expect(torchInfo().peakBytes - before).toBeLessThan(5 * largest); // 12 times where all outputs are held
  engine.release();
});
