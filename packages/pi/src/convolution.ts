import type { RingVector } from "./ring.ts";

/** A convolution's public shape. Images are [height, width, channels]; a dense layer is a 1×1 convolution of a 1×1 image. */
export interface ConvolutionShape {
  height: number;
  width: number;
  channelsIn: number;
  channelsOut: number;
  kernel: number;
  stride: number;
  /** Zeros around the image on each side. */
  padding: number;
}

export const outputExtent = (extent: number, { kernel, stride, padding }: ConvolutionShape): number =>
  Math.floor((extent + 2 * padding - kernel) / stride) + 1;

export const inputSize = ({ height, width, channelsIn }: ConvolutionShape): number => height * width * channelsIn;

export const outputSize = (shape: ConvolutionShape): number =>
  outputExtent(shape.height, shape) * outputExtent(shape.width, shape) * shape.channelsOut;

/** Weights that a filter has. */
export const filterSize = ({ kernel, channelsIn }: ConvolutionShape): number => kernel * kernel * channelsIn;

/** Convolution over Z_2^64 as its definition says, on BigInts: filters [out, height, width, in]. The oracle of `convolve`. */
export function convolveByDefinition(shape: ConvolutionShape, filters: Int32Array, image: RingVector): RingVector {
  const { channelsOut } = shape;
  const columns = outputExtent(shape.width, shape);
  const out = new BigInt64Array(outputSize(shape));
  for (let i = 0; i < out.length; i++) {
    const position = Math.floor(i / channelsOut);
    const place = { row: Math.floor(position / columns), column: position % columns, channel: i % channelsOut };
    out[i] = outputAt(shape, filters, image, place);
  }
  return out;
}

function outputAt(
  { height, width, channelsIn, kernel, stride, padding }: ConvolutionShape,
  filters: Int32Array,
  image: RingVector,
  { row, column, channel }: { row: number; column: number; channel: number },
): bigint {
  let sum = 0n;
  for (let ky = 0; ky < kernel; ky++) {
    for (let kx = 0; kx < kernel; kx++) {
      const [y, x] = [row * stride + ky - padding, column * stride + kx - padding];
      if (y < 0 || y >= height || x < 0 || x >= width) continue;
      for (let input = 0; input < channelsIn; input++) {
        const weight = filters[((channel * kernel + ky) * kernel + kx) * channelsIn + input] as number;
        sum += BigInt(weight) * (image[(y * width + x) * channelsIn + input] as bigint);
      }
    }
  }
  return sum;
}
