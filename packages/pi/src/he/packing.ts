import { type ConvolutionShape, outputExtent } from "../convolution.ts";
import type { RingVector } from "../ring.ts";
import { degree, primes } from "./parameters.ts";
import { ciphertextBytes, productBytes } from "./wire.ts";

/*
 * Convolutions as products of polynomials, by coefficients (Huang, Lu, Hong & Ding, "Cheetah", USENIX Security 2022, §4).
 * A pixel (channel c, row y, column x) is the coefficient c·plane + y·stride + x, where stride = width + padding and
 * plane = (height + padding)·stride: each row's zeros serve as the next one's left padding, and each channel's as the next
 * one's upper padding. Output channel m of channelsIn = C, at the pixel u = y·stride + x, is coefficient m·C·plane + u, so the
 * weight at (m, c, row l, column k) belongs to m·C·plane − c·plane − (l − padding)·stride − (k − padding). As long as
 * M·C·plane ≤ degree, whatever else falls on these coefficients, also around the end, is multiplied by a zero of the padding.
 */

/** How one linear layer lies in polynomials. */
export interface Packing {
  shape: ConvolutionShape;
  /** Every how many rows and columns of the image are read: what strides over a 1×1 kernel is left out. */
  sampling: number;
  /** Of what is read. */
  width: number;
  stride: number;
  /** Rows of the output that a slab gives: all, where a channel fits into a polynomial. */
  slabRows: number;
  /** Rows that it reads; those of the padding with them where `rowPadding` is 0. */
  slabHeight: number;
  /** Rows of zeros above its first one, which share their coefficients with the channel before. */
  rowPadding: number;
  plane: number;
  /** Channels of a polynomial of the input, and of one of the output. */
  channelsIn: number;
  channelsOut: number;
}

/** Thrown where a layer does not fit into polynomials. */
export class PackingError extends Error {
  override name = "PackingError";
}

/** The packing that sends the fewest bytes. */
export function packingOf(name: string, shape: ConvolutionShape): Packing {
  const slab = slabOf(name, shape);
  const { channelsIn, channelsOut } = shape;
  const candidates = Array.from({ length: channelsIn }, (_, i) => i + 1)
    .filter((together) => together * slab.plane <= degree)
    .map((together) => {
      const room = Math.floor(degree / (together * slab.plane));
      return { ...slab, shape, channelsIn: together, channelsOut: Math.min(room, channelsOut) };
    });
  return candidates.reduce((best, each) => (ciphertextBytesOf(each) < ciphertextBytesOf(best) ? each : best));
}

/** Bytes that a layer's ciphertexts take, but for the coefficients that are read, which every packing has. */
function ciphertextBytesOf(packing: Packing): number {
  const { inputs, outputs, slabs } = countsOf(packing);
  return slabs * (inputs * ciphertextBytes + outputs * productBytes(0));
}

/** Bytes of memory that a ciphertext takes at the server. */
export const ciphertextMemory = 2 * primes.length * degree * Int32Array.BYTES_PER_ELEMENT;

/** Bytes of a layer's ciphertexts, and of its products, as they are sent. */
export function bytesOf(packing: Packing): { toServer: number; toClient: number } {
  const { slabs, inputs, outputs } = countsOf(packing);
  let toClient = 0;
  for (let slab = 0; slab < slabs; slab++)
    for (let group = 0; group < outputs; group++)
      toClient += productBytes(outputPlaces(packing, { slab, group }).coefficients.length);
  return { toServer: slabs * inputs * ciphertextBytes, toClient };
}

/** How many slabs a layer has, and polynomials of each slab. */
export const countsOf = ({ shape, slabRows, channelsIn, channelsOut }: Packing) => ({
  slabs: Math.ceil(outputExtent(shape.height, shape) / slabRows),
  inputs: Math.ceil(shape.channelsIn / channelsIn),
  outputs: Math.ceil(shape.channelsOut / channelsOut),
});

/** The whole image as one slab, or as many rows as fit with their zeros. */
function slabOf(name: string, shape: ConvolutionShape): Omit<Packing, "shape" | "channelsIn" | "channelsOut"> {
  if (shape.padding >= shape.kernel)
    throw new PackingError(`"${name}" has more zeros around its image, ${shape.padding}, than its kernel reaches`);
  const sampling = shape.kernel === 1 ? shape.stride : 1;
  const [height, width] = [Math.ceil(shape.height / sampling), Math.ceil(shape.width / sampling)];
  const stride = width + shape.padding;
  const step = shape.stride / sampling;
  const outputRows = outputExtent(shape.height, shape);
  const whole = (height + shape.padding) * stride;
  if (whole <= degree)
    return {
      sampling,
      width,
      stride,
      slabRows: outputRows,
      slabHeight: height,
      rowPadding: shape.padding,
      plane: whole,
    };
  const slabRows = Math.floor((Math.floor(degree / stride) - shape.kernel) / step) + 1;
  if (slabRows < 1)
    throw new PackingError(
      `${shape.kernel} rows of "${name}" have ${shape.kernel * stride} values with their padding: a polynomial holds ${degree}`,
    );
  const slabHeight = (slabRows - 1) * step + shape.kernel;
  return { sampling, width, stride, slabRows, slabHeight, rowPadding: 0, plane: slabHeight * stride };
}

/** The polynomial of the input's group of channels, of a slab. */
export function packInput(
  packing: Packing,
  image: RingVector,
  { slab, group }: { slab: number; group: number },
): RingVector {
  const { shape, sampling, width, stride, slabRows, slabHeight, rowPadding, plane } = packing;
  const out = new BigInt64Array(degree);
  const first = slab * slabRows * shape.stride - shape.padding + rowPadding;
  const channels = channelsOf(group, packing.channelsIn, shape.channelsIn);
  for (let row = 0; row < slabHeight; row++) {
    const y = first + row * sampling;
    if (y < 0 || y >= shape.height) continue;
    for (let column = 0; column < width; column++) {
      const from = (y * shape.width + column * sampling) * shape.channelsIn;
      const to = row * stride + column;
      for (let c = channels.first; c < channels.end; c++)
        out[(c - channels.first) * plane + to] = image[from + c] as bigint;
    }
  }
  return out;
}

const channelsOf = (group: number, together: number, all: number) => ({
  first: group * together,
  end: Math.min((group + 1) * together, all),
});

/** The polynomial of the weights between two groups of channels; filters are [out, height, width, in]. */
export function packWeights(
  packing: Packing,
  filters: Int32Array,
  groups: { input: number; output: number },
): Int32Array {
  const { shape, stride, rowPadding, plane } = packing;
  const { kernel, padding } = shape;
  const inputs = channelsOf(groups.input, packing.channelsIn, shape.channelsIn);
  const outputs = channelsOf(groups.output, packing.channelsOut, shape.channelsOut);
  const out = new Int32Array(degree);
  for (let m = outputs.first; m < outputs.end; m++) {
    const block = (m - outputs.first) * packing.channelsIn * plane;
    for (let row = 0; row < kernel; row++) {
      for (let column = 0; column < kernel; column++) {
        const base = block - (row - rowPadding) * stride - (column - padding);
        const from = ((m * kernel + row) * kernel + column) * shape.channelsIn;
        for (let c = inputs.first; c < inputs.end; c++) {
          const place = base - (c - inputs.first) * plane;
          const weight = filters[from + c] as number;
          if (place >= 0) out[place] = (out[place] as number) + weight;
          else out[place + degree] = (out[place + degree] as number) - weight; // x^degree is −1
        }
      }
    }
  }
  return out;
}

/** Where a group's product has the outputs of a slab: coefficients, and places in the layer's output in turn. */
export function outputPlaces(
  { shape, sampling, stride, slabRows, plane, channelsIn, channelsOut }: Packing,
  { slab, group }: { slab: number; group: number },
): { coefficients: Int32Array; places: Uint32Array } {
  const [rows, columns] = [outputExtent(shape.height, shape), outputExtent(shape.width, shape)];
  const channels = channelsOf(group, channelsOut, shape.channelsOut);
  const step = shape.stride / sampling;
  const [first, end] = [slab * slabRows, Math.min((slab + 1) * slabRows, rows)];
  const count = (end - first) * columns * (channels.end - channels.first);
  const [coefficients, places] = [new Int32Array(count), new Uint32Array(count)];
  let i = 0;
  for (let y = first; y < end; y++) {
    for (let x = 0; x < columns; x++) {
      for (let m = channels.first; m < channels.end; m++, i++) {
        coefficients[i] = (m - channels.first) * channelsIn * plane + (y - first) * step * stride + x * step;
        places[i] = (y * columns + x) * shape.channelsOut + m;
      }
    }
  }
  return { coefficients, places };
}
