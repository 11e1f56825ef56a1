import type { MaskMap, MaskMaps } from "@reluctant/contracts";
import { type Mask, type Model, models, narrow, onesOf, type ReluLayer, reluLayers, sum } from "@reluctant/relu";
import { masksFromTensors } from "./masks.ts";
import { type RemoteFile, readSafetensors } from "./safetensors.ts";
import { type Tensors, under } from "./tensors.ts";

/**
 * Where a `masks` artifact keeps its ReLUs. Only the masks are read of it: of a ResNet-50 they are 1.2 of its 100 MB.
 * @throws Error when it is no safetensors file, or its masks are of no model that is known
 */
export async function readMaskMaps(file: RemoteFile): Promise<MaskMaps> {
  const { tensors, metadata } = await readSafetensors(file, (name) => name.startsWith("mask."));
  const model = maskedModel(metadata.model ?? "", tensors);
  const masks = masksFromTensors(tensors, model);
  const layers = reluLayers(model).map((layer, l) => mapOf(layer, masks[l] as Mask));
  return { model: model.name, reluCount: sum(layers.map(({ kept }) => kept)), layers };
}

function mapOf({ name, shape: [height, width, channels] }: ReluLayer, mask: Mask): MaskMap {
  const channelsKept = Array.from({ length: height * width }, (_, place) =>
    onesOf(mask.subarray(place * channels, (place + 1) * channels)),
  );
  return { layer: name, shape: [height, width, channels], kept: onesOf(mask), channelsKept };
}

/** The network, at the image size that the masks fit. Its classes do not matter here. */
function maskedModel(named: string, tensors: Tensors): Model {
  const [family = "", width] = named.split("@");
  const packed = under("mask", tensors);
  if (packed.size === 0) throw new Error("it holds no masks");
  const fitting = (models[family]?.sides ?? []).flatMap((side) => {
    const whole = models[family]?.build([side, side, 3], 10);
    if (!whole) return [];
    const model = width === undefined ? whole : narrow(whole, Number(width));
    const fits = reluLayers(model).every(({ name, units }) => packed.get(name)?.values.length === Math.ceil(units / 8));
    return fits ? [model] : [];
  });
  if (!fitting[0]) throw new Error(`its masks fit no known model named "${named}"`);
  return fitting[0];
}
