/** Networks that were trained elsewhere: evaluated as they came, without a step. */
import { models, reluLayers } from "@reluctant/relu";
import { encodeStudent, encodeWeights, initialWeights } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, it } from "vitest";
import { bytesOf, succeeded, type TinyStages, tinyModel, tinyStages } from "./tiny-stages.ts";

let tiny: TinyStages;
beforeAll(async () => {
  tiny = await tinyStages();
}, 120_000);

it("an all-ReLU network has the accuracy that it was trained to, and stays as it is", async () => {
  const trained = succeeded(await tiny.plainRun("train/sgd")).result;
  const { result, artifacts } = succeeded(await tiny.plainRun("train/imported"));
  expect(result).toEqual({ ...trained, images: 0 });
  expect(bytesOf(artifacts, "weights")).toEqual(tiny.arModel);
  expect(tf.memory().numTensors).toBe(0);
});

it("a partial-ReLU network has the accuracy that its search left it at, and stays as it is", async () => {
  const searched = succeeded(await tiny.plainRun("mask-search/senet")).result;
  const { result, artifacts } = succeeded(await tiny.plainRun("distillation/imported"));
  if (searched.kind !== "mask-search") throw new Error(searched.kind);
  const { validationAccuracy, reluCount } = searched;
  expect(result).toMatchObject({ kind: "distillation", images: 0, validationAccuracy, reluCount, polynomialUnits: 0 });
  expect(bytesOf(artifacts, "masks")).toEqual(tiny.student);
  expect(tf.memory().numTensors).toBe(0);
});

it("units that compute a polynomial are counted", async () => {
  const model = tinyModel();
  const masks = reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(layer === 1 ? 0 : 1));
  const { name, units, shape } = reluLayers(model)[1] as ReturnType<typeof reluLayers>[number];
  const quadratic = new Map([[name, new Float32Array(3 * shape[2]).fill(0.1)]]);
  const student = encodeStudent(model, initialWeights(model, 1), masks, quadratic);
  const { result, artifacts } = succeeded(await tiny.run("distillation/imported", { inputs: { student } }));
  expect(result).toMatchObject({ polynomialUnits: units });
  expect(bytesOf(artifacts, "masks")).toEqual(student);
});

it("weights of images of another size are refused, though their shapes fit", async () => {
  const large = models.resnet8?.build([32, 32, 3], 4);
  if (!large) throw new Error("no resnet8");
  const arModel = encodeWeights(large, initialWeights(large, 1));
  await expect(tiny.run("train/imported", { inputs: { arModel } })).rejects.toThrow(
    /input arModel: these weights of resnet8 were trained on images of 32 pixels, the data set's have 8/,
  );
});
