/**
 * What kernels are written in. A kernel is a function of (torch, inputs, attrs); it calls operators through `torch`,
 * every intermediate result is freed when it returns or throws, and only what it passes to `tensor()` stays.
 */
import { type DataType, type TensorInfo, util } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.ts";
import type { Argument, Slot, View } from "./bridge.ts";

/** An ATen operator: schema name, and how its tensors are seen. */
export interface Op {
  readonly name: string;
  readonly overload: string;
  readonly inputViews: readonly View[];
  readonly resultViews: readonly View[];
  /** Arguments that it modifies without its schema saying so. */
  readonly written: readonly number[];
}

interface OpOptions {
  in?: readonly View[];
  out?: readonly View[];
  written?: readonly number[];
}

/** `op("add.Tensor")` names `aten::add.Tensor`; an operator of another library is named in full. */
export function op(schema: string, options: OpOptions = {}): Op {
  const [name = "", overload = ""] = schema.split(".");
  const { in: inputViews = [], out: resultViews = [], written = [] } = options;
  return { name: name.includes("::") ? name : `aten::${name}`, overload, inputViews, resultViews, written };
}

/** Numbers of torch's scalar types, as operators take them for `dtype`. */
export const scalarType = { float32: 6, int32: 3, bool: 11, complex64: 9, int64: 4, float64: 7, bfloat16: 15 } as const;

export function scalarTypeOf(dtype: DataType): number {
  if (dtype === "string") throw new Error("this kernel takes no string tensors on the torch backend");
  if (!(dtype in scalarType)) throw new Error(`the torch backend has no type ${dtype}`);
  return scalarType[dtype];
}

type Operand = Argument | TensorInfo | readonly TensorInfo[];

export class Torch {
  readonly backend: TorchBackend;
  private readonly indices = new Map<Op | string, number>();
  private temporaries: Slot[] = [];

  constructor(backend: TorchBackend) {
    this.backend = backend;
  }

  /** Calls an operator with one result. Tensors are given as `TensorInfo` or as slots. */
  call(operator: Op | string, ...operands: Operand[]): Slot {
    const slot = this.temporary();
    this.into(slot, operator, ...operands);
    return slot;
  }

  /** Calls an operator with `count` results. */
  callMany(count: number, operator: Op | string, ...operands: Operand[]): Slot[] {
    const slots = Array.from({ length: count }, () => this.temporary());
    this.backend.bridge.call(this.index(operator), ...slots, ...operands.map(this.argument));
    return slots;
  }

  /** Calls an operator with one result for what it writes in place. */
  run(operator: Op | string, ...operands: Operand[]): void {
    this.into(-1, operator, ...operands);
  }

  /** Calls an operator with one result and puts it in `slot`, in place of what is there. */
  into(slot: Slot, operator: Op | string, ...operands: Operand[]): void {
    this.backend.bridge.call(this.index(operator), slot, ...operands.map(this.argument));
  }

  /** Makes a slot of this kernel a tensor that outlives it. */
  tensor(slot: Slot, shape: number[], dtype: DataType): TensorInfo {
    this.temporaries.splice(this.temporaries.lastIndexOf(slot), 1);
    return this.backend.adopt(slot, shape, dtype);
  }

  /** A tensor like `x` on the same data. */
  same(x: TensorInfo): TensorInfo {
    return this.backend.share(x);
  }

  /** A tensor that has the type already stays as it is stored. */
  cast(x: Slot | TensorInfo, dtype: DataType): Slot {
    if (typeof x !== "number" && x.dtype === dtype) return this.call("alias", x);
    return this.call("to.dtype", x, scalarTypeOf(dtype));
  }

  /** y in the type that x is stored in. */
  like(y: Slot | TensorInfo, x: Slot | TensorInfo): Slot {
    return this.call("to.other", y, x);
  }

  /** Small constants. */
  ints(values: readonly number[]): Slot {
    const slot = this.temporary();
    this.backend.bridge.upload(slot, Int32Array.from(values), [values.length]);
    return slot;
  }

  floats(values: readonly number[], shape: readonly number[]): Slot {
    const slot = this.temporary();
    this.backend.bridge.upload(slot, Float32Array.from(values), shape);
    return slot;
  }

  /** Runs a kernel and frees its intermediate results. */
  scope<T>(kernel: () => T): T {
    const outer = this.temporaries;
    this.temporaries = [];
    try {
      return kernel();
    } finally {
      for (const slot of this.temporaries) this.backend.releaseSlot(slot);
      this.temporaries = outer;
    }
  }

  private temporary(): Slot {
    const slot = this.backend.takeSlot();
    this.temporaries.push(slot);
    return slot;
  }

  private index(operator: Op | string): number {
    let index = this.indices.get(operator);
    if (index === undefined) {
      const { name, overload, inputViews, resultViews, written } =
        typeof operator === "string" ? op(operator) : operator;
      index = this.backend.bridge.op(name, overload, inputViews, resultViews, written);
      this.indices.set(operator, index);
    }
    return index;
  }

  private readonly argument = (x: Operand): Argument => {
    if (x === null || typeof x !== "object") return x;
    if ("dataId" in x) return this.backend.slotOf(x);
    return typeof x[0] === "object" ? (x as readonly TensorInfo[]).map((t) => this.backend.slotOf(t)) : (x as Argument);
  };
}

// biome-ignore lint/suspicious/noExplicitAny: TensorFlow.js types inputs and attributes by kernel name, not statically
type Named = any;
export type Kernel = (torch: Torch, inputs: Named, attrs: Named) => TensorInfo | TensorInfo[];
export type Kernels = Readonly<Record<string, Kernel>>;

/** `x.shape` without the dimensions in `axes`, or with 1 there. */
export function reducedShape(shape: number[], axes: readonly number[], keepDims: boolean): number[] {
  return keepDims ? shape.map((d, i) => (axes.includes(i) ? 1 : d)) : shape.filter((_, i) => !axes.includes(i));
}

export function axesOf(axis: number | number[] | undefined, shape: number[]): number[] {
  return util.parseAxisParam(axis as number | number[], shape);
}

/** A single axis, counted from the front. */
export function axisOf(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}
