/** The convolutions of `native/winograd`: which they are, by shape alone, so that the same sums are taken on every processor. */
import { util } from "@tensorflow/tfjs-core";
import { op, type Torch } from "../aten.ts";
import type { Info, Windows } from "./windows.ts";

/** On NHWC and HWIO; the padding as [rows, columns] on both sides. */
export const winograd = {
  convolution: op("winograd::convolution"),
  dataGradient: op("winograd::data_gradient"),
  filterGradient: op("winograd::filter_gradient"),
};

/** What channels come in multiples of. */
const block = 16;
/**
 * From how many channels the transforms of tiles pay, for with 16 oneDNN's own are as fast, and from how many results of a
 * channel those of the filter do: a batch of one image is better served without.
 */
const least = { channels: 32, results: 256 };

/** Float32 on processors, windows of 3×3 at stride 1: there 16 multiplications do what takes 36 otherwise. */
export function isWinograd(torch: Torch, w: Windows, info: Info, groups: number): boolean {
  const { device, precision } = torch.backend;
  const plane = w.kernel.length === 2 && w.kernel.every((size) => size === 3);
  const dense = [...w.strides, ...w.dilations, groups].every((step) => step === 1);
  const wide = [info.inChannels, info.outChannels].every((count) => count >= least.channels && count % block === 0);
  const many = util.sizeFromShape([info.batchSize, ...w.output]) >= least.results;
  const here = device === "cpu" && precision === "fp32";
  return here && plane && dense && wide && many && w.padding.every((size) => size <= 2);
}
