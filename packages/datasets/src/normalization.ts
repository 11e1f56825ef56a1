import { catalog, type Normalization } from "@reluctant/relu";
import type { Preprocessing } from "./source.ts";

/**
 * The constants of the literature (method.md §7; torchvision's for ImageNet); its CIFAR-10 std is the mean of the images'
 * own, hence not the pixels'.
 */
const published = catalog<Record<string, Normalization>>({
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.2023, 0.1994, 0.201] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  cifar100: { mean: [0.5071, 0.4867, 0.4408], std: [0.2675, 0.2565, 0.2761] },
});

/** Training images of a streamed data set whose pixels are measured, a stratified draw: the others are never decoded for it. */
export const measuredImages = 1_000;

/** What a version says of its normalization: the constants, or whence they are measured. */
export const normalizationRule = (dataset: string, preprocessing?: Preprocessing): Normalization | string =>
  publishedNormalization(dataset) ?? (preprocessing?.streamed ? `${measuredImages} of train` : "train split");

export const publishedNormalization = (dataset: string): Normalization | undefined => published[dataset];

/** Sums over pixels, a channel each; integers, so the order in which images arrive changes nothing. */
export class PixelSums {
  private count = 0;
  private readonly sum: number[];
  private readonly sumOfSquares: number[];

  constructor(channels: number) {
    this.sum = new Array<number>(channels).fill(0);
    this.sumOfSquares = new Array<number>(channels).fill(0);
  }

  /** @param imageHWC uint8 */
  add(imageHWC: Uint8Array): void {
    const channels = this.sum.length;
    this.count += imageHWC.length / channels;
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      let sumOfSquares = 0;
      for (let i = channel; i < imageHWC.length; i += channels) {
        const value = imageHWC[i] as number;
        sum += value;
        sumOfSquares += value * value;
      }
      this.sum[channel] = (this.sum[channel] as number) + sum;
      this.sumOfSquares[channel] = (this.sumOfSquares[channel] as number) + sumOfSquares;
    }
  }

  /** Rounded to 4 digits, as the published constants are; a constant channel gets the least std that can be written. */
  normalization(): Normalization {
    const mean = this.sum.map((sum) => sum / this.count / 255);
    const std = this.sumOfSquares.map((squares, channel) =>
      Math.sqrt(Math.max(0, squares / this.count / 255 ** 2 - (mean[channel] as number) ** 2)),
    );
    return { mean: mean.map(round4), std: std.map((value) => Math.max(1e-4, round4(value))) };
  }
}

const round4 = (value: number) => Math.round(value * 1e4) / 1e4;
