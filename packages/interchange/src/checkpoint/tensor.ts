import type { HostTensor } from "@reluctant/stages";
import { type Dtype, storageTypes } from "./dtypes.ts";
import { CheckpointError, quoted } from "./errors.ts";

/** Numbers in a file, which tensors are views of; several may share one. */
export class Storage {
  readonly key: string;
  /** PyTorch's class of storages of one dtype. */
  readonly type: string;
  /** Undefined for a dtype that is not read. */
  readonly dtype: Dtype | undefined;
  /** In values. */
  readonly length: number;
  /** A view of the file, once the container was asked for it. */
  bytes: Uint8Array | undefined;

  constructor(key: string, type: string, dtype: Dtype | undefined, length: number) {
    this.key = key;
    this.type = type;
    this.dtype = dtype;
    this.length = length;
  }
}

/** Strides of a row-major tensor, in values. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides: number[] = [];
  let step = 1;
  for (const extent of shape.toReversed()) {
    strides.push(step);
    step *= extent;
  }
  return strides.reverse();
}

/** A tensor that a file describes; no number of it is read before it is asked for. Offset and strides count values. */
export class StoredTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];

  /** @throws CheckpointError where it reaches beyond its storage, or repeats its values to more than the storage has */
  constructor(storage: Storage, offset: unknown, shape: unknown, strides: unknown) {
    const isWell = isCount(offset) && isCounts(shape) && isCounts(strides) && shape.length === strides.length;
    if (!isWell)
      throw new CheckpointError(`a tensor of storage ${quoted(storage.key)} has no readable offset, shape and strides`);
    this.storage = storage;
    this.offset = offset;
    // Copies: a pickle can go on to change the lists that were held against the storage.
    this.shape = [...shape];
    this.strides = [...strides];
    if (this.size > storage.length || this.end > storage.length)
      throw new CheckpointError(
        `a tensor [${shape}] at ${offset}, strides [${strides}], does not fit its storage ${quoted(storage.key)} of ${storage.length} values; an expanded one must be made contiguous before saving`,
      );
  }

  /** Number of values. */
  get size(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }

  /** Where it ends in its storage. */
  get end(): number {
    if (this.size === 0) return this.offset;
    return this.shape.reduce((at, extent, axis) => at + (extent - 1) * (this.strides[axis] as number), this.offset + 1);
  }
}

/** A tensor of numbers that no file has as they are. */
export function storedFloats(shape: readonly number[], values: readonly number[]): StoredTensor {
  const type = "torch.FloatStorage";
  const storage = new Storage("", type, storageTypes.get(type), values.length);
  storage.bytes = new Uint8Array(Float32Array.from(values).buffer);
  return new StoredTensor(storage, 0, shape, rowMajor(shape));
}

/**
 * Reads the numbers of a tensor, row-major: uint8 where it is of bytes or truth values, else float32 (float64 is rounded).
 * @throws CheckpointError naming the tensor, where its dtype is not read or an integer is not one of float32
 */
export function readTensor(name: string, tensor: StoredTensor): HostTensor {
  const { storage, shape, offset, end } = tensor;
  const { dtype, bytes } = storage;
  if (!dtype)
    throw new CheckpointError(
      `tensor ${quoted(name)} lies in a ${quoted(storage.type)}, which is not read; save it as float32`,
    );
  if (!bytes) throw new CheckpointError(`tensor ${quoted(name)}: the file lacks its storage ${quoted(storage.key)}`);
  // A copy even where the file is a Buffer, whose slices are views: typed arrays need their values aligned.
  const span = dtype.values(new Uint8Array(bytes.subarray(offset * dtype.bytes, end * dtype.bytes)).buffer);
  const ordered = isContiguous(tensor) ? span : inOrder(span, tensor);
  if (ordered instanceof Uint8Array) return { shape, values: ordered };
  const values = ordered instanceof Float32Array ? ordered : new Float32Array(ordered);
  if (dtype.isInteger) requireExact(name, ordered, values);
  return { shape, values };
}

/** A tensor of one extent along an axis never steps along it, so that stride says nothing. */
function isContiguous({ shape, strides }: StoredTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis] as number;
  }
  return true;
}

type Values = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;

/** Values as the strides pick them, the last axis fastest. */
function inOrder(values: Values, { shape, strides, size }: StoredTensor): Values {
  const ordered = new (values.constructor as new (length: number) => Values)(size);
  const place = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < size; to++) {
    ordered[to] = values[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent, stride] = [shape[axis] as number, strides[axis] as number];
      from += stride;
      place[axis] = (place[axis] as number) + 1;
      if ((place[axis] as number) < extent) break;
      from -= extent * stride;
      place[axis] = 0;
    }
  }
  return ordered;
}

function requireExact(name: string, integers: Values, values: Float32Array): void {
  const at = values.findIndex((value, i) => value !== integers[i]);
  if (at >= 0)
    throw new CheckpointError(`tensor ${quoted(name)} holds ${integers[at]}, an integer that float32 does not have`);
}

/** PyTorch's networks have at most five. */
const mostDimensions = 8;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.length <= mostDimensions && value.every(isCount);
