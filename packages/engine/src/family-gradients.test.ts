/**
 * Every model of the catalog, at its full width: the torch backend's gradients against float64's. The cpu backend is held
 * to the same reference (conformance.test.ts), at fewer channels, for it takes 70 s for two images of a ResNet-18.
 */

import { type Mask, models, type NodeOf, narrow, size } from "@reluctant/relu";
import { maskedRelus } from "@reluctant/stages";
import { describe, expect, it } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { engineOrReason } from "./conformance/backends.ts";
import { distance, normalization, normalized, randomBatch, randomWeights } from "./conformance/numbers.ts";
import { referencePass } from "./conformance/reference.ts";
import { crossEntropy, slopesOf } from "./conformance/reference-losses.ts";
import type { Numbers } from "./conformance/reference-nodes.ts";

/**
 * Side of the images, and the share of its channels that a network keeps, so that float64 takes seconds; how far gradients may
 * be from float64's, where 1e-5 is not met: 34 layers whose last batch norms see 8 values came to 1.2e-5 by oneDNN's sums at AVX2.
 */
const sizes: Record<string, [side: number, width: number, most?: number]> = {
  resnet8: [16, 1],
  resnet20: [16, 1],
  resnet56: [16, 1],
  resnet18: [32, 0.25],
  resnet34: [32, 0.25],
  resnet50: [128, 0.125],
  "wrn22-8": [16, 0.25],
  "vgg16-bn": [32, 0.25],
  "resnet20-option-a": [16, 1],
  "resnet20-option-a-end": [16, 1],
  "resnet56-option-a": [16, 0.5],
  "resnet56-option-a-end": [16, 0.5],
  "resnet18-imagenet-stem": [64, 0.25],
  "resnet34-imagenet-stem": [64, 0.25, 2e-5],
  "resnet50-v1": [128, 0.125],
  "preact-resnet18": [16, 0.25],
  "preact-resnet18-open": [16, 0.25],
  "wrn22-8-late-stride": [16, 0.125],
  "vgg16-bn-4-pools": [32, 0.125],
  "vgg16-bn-5-pools": [32, 0.125],
  "vgg16-bn-3-dense": [32, 0.125],
  "vgg16-bn-3-dense-4096": [32, 0.0625],
};

const { engine, reason } = await engineOrReason("torch");

/** Every third layer keeps its ReLUs, one none, one half, but for those that rounding might flip. */
const maskOf = (layer: number, node: NodeOf<"relu">, entering: Numbers): Mask => {
  const units = size(node.shape);
  const mask = Uint8Array.from({ length: units }, (_, unit) => [1, 0, unit % 2][layer % 3] as number);
  entering.forEach((value, i) => {
    if (Math.abs(value) < 1e-4) mask[i % units] = 0;
  });
  return mask;
};

describe("gradients on torch", skipFor(reason), () => {
  it("are told of every model", () => expect(Object.keys(sizes)).toEqual(Object.keys(models)));

  it.each(Object.entries(sizes))(
    "of %s are float64's",
    { timeout: 300_000 },
    async (name, [side, width, most = 1e-5]) => {
      const full = (models[name] as NonNullable<(typeof models)[string]>).build([side, side, 3], 10);
      const model = width === 1 ? full : narrow(full, width);
      const weights = randomWeights(model);
      const batch = randomBatch(model, 2);
      const masks: Mask[] = [];
      const pass = referencePass({
        model,
        weights,
        x: normalized(batch),
        mode: "train",
        activation: (node, entering) => {
          const mask = maskOf(masks.length, node, entering);
          masks.push(mask);
          return { share: Float32Array.from(mask, (kept) => 1 - kept) };
        },
      });
      const slopes = slopesOf((logits) => crossEntropy(logits, batch.labels), pass.logits);
      const wanted = pass.gradients(new Map([[model.nodes.at(-1)?.name ?? "", slopes]]));

      if (!engine) throw new Error(reason);
      const student = engine.network({ model, weights, normalization });
      student.setActivations(maskedRelus(masks));
      const trainer = engine.trainer({ student, objective: { crossEntropy: 1 }, momentum: 0.9, weightDecay: 0 });
      await trainer.step(batch, 0); // at rate 0 the first momenta are the gradients
      const gradients = [...(await trainer.readMomenta())];
      engine.release();
      expect(gradients).toHaveLength(wanted.size - masks.length); // the reference has those of the masks too
      const far = gradients.map(([parameter, { values }]) => distance(values, wanted.get(parameter) as Numbers));
      expect(Math.max(...far)).toBeLessThan(most);
    },
  );
});
