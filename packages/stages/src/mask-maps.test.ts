import { type Model, models, narrow, reluLayers } from "@reluctant/relu";
import { expect, it } from "vitest";
import { readMaskMaps } from "./mask-maps.ts";
import { encodeStudent } from "./masks.ts";
import { encodeSafetensors } from "./safetensors.ts";

const resnet8 = (side = 32) => models.resnet8?.build([side, side, 3], 10) as Model;
const elsewhere = (file: Uint8Array) => ({
  bytes: file.length,
  read: async (start: number, end: number) => file.slice(start, end),
});
/** Keeps channel 0 everywhere, and every channel of the first place. */
const masksOf = (model: Model) =>
  reluLayers(model).map(({ units, shape: [, , channels] }) =>
    Uint8Array.from({ length: units }, (_, unit) => Number(unit % channels === 0 || unit < channels)),
  );

it.each([
  ["a network", resnet8()],
  ["a narrower network", narrow(resnet8(), 0.5)],
])("counts the channels kept at each place of %s", async (_, model) => {
  const maps = await readMaskMaps(elsewhere(encodeStudent(model, new Map(), masksOf(model))));
  expect(maps.model).toBe(model.name);
  expect(maps.layers.map(({ layer, shape }) => [layer, ...shape])).toEqual(
    reluLayers(model).map(({ name, shape }) => [name, ...shape]),
  );
  for (const { shape, kept, channelsKept } of maps.layers) {
    const [height, width, channels] = shape;
    expect(channelsKept).toEqual([channels, ...new Array(height * width - 1).fill(1)]);
    expect(kept).toBe(channels + height * width - 1);
  }
  expect(maps.reluCount).toBe(maps.layers.reduce((sum, { kept }) => sum + kept, 0));
});

it.each([
  ["weights without masks", encodeSafetensors({ tensors: new Map(), metadata: { model: "resnet8" } }), /no masks/],
  ["a model that is not known", encodeStudent({ ...resnet8(), name: "net" }, new Map(), masksOf(resnet8())), /"net"/],
  ["an image size that is not the model's", encodeStudent(resnet8(16), new Map(), masksOf(resnet8(16))), /fit no/],
])("refuses %s", async (_, file, message) => {
  await expect(readMaskMaps(elsewhere(file))).rejects.toThrow(message);
});
