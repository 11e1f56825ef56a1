/** The TensorFlow.js side of the bridge: which tensor lives in which slot, and for how long. */
import {
  type BackendValues,
  DataStorage,
  type DataType,
  engine,
  KernelBackend,
  type TensorInfo,
  util,
} from "@tensorflow/tfjs-core";
import type { Bridge, HostArray, Slot, TorchInfo } from "./bridge.ts";

/** What convolutions and matrix products compute in; precision.ts says what `bf16` means. */
export const precisions = ["fp32", "bf16"] as const;
export type Precision = (typeof precisions)[number];

interface Data {
  dtype: DataType;
  refCount: number;
  /** Where the values are: a slot, or, for strings, which never leave JavaScript, the values themselves. */
  slot: Slot;
  strings?: Uint8Array[];
}

const noSlot = -1;

export class TorchBackend extends KernelBackend {
  /** Where commands go. A recording puts itself in front of it. */
  bridge: Bridge;
  precision: Precision = "fp32";
  readonly device: TorchInfo["device"];
  private readonly data: DataStorage<Data>;
  private readonly free: Slot[] = [];
  private slotCount = 0;
  /** How often each slot was released. */
  private readonly releases: number[] = [];
  private complexView: number | undefined;
  private aliasing: number | undefined;

  constructor(bridge: Bridge) {
    super();
    this.bridge = bridge;
    this.device = bridge.info().device;
    this.data = new DataStorage<Data>(this, engine());
  }

  /** A slot that holds nothing yet. */
  takeSlot(): Slot {
    return this.free.pop() ?? this.slotCount++;
  }

  releaseSlot(slot: Slot): void {
    this.bridge.free(slot);
    this.releases[slot] = this.generationOf(slot) + 1;
    this.free.push(slot);
  }

  /** A slot holds the same data as long as this is the same. */
  generationOf(slot: Slot): number {
    return this.releases[slot] ?? 0;
  }

  /** A second slot on the same data, until one of them is written to. No command that is still to run mentions it. */
  alias(slot: Slot): Slot {
    this.aliasing ??= this.bridge.op("aten::alias", "", [], [], []);
    const alias = this.slotCount++;
    this.bridge.call(this.aliasing, alias, slot);
    return alias;
  }

  /** Turns a filled slot into a tensor with its own data. */
  adopt(slot: Slot, shape: number[], dtype: DataType): TensorInfo {
    const dataId = {};
    this.data.set(dataId, { dtype, refCount: 1, slot });
    return { dataId, shape, dtype };
  }

  /** A second tensor on the same data. */
  share(x: TensorInfo): TensorInfo {
    this.incRef(x.dataId);
    return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
  }

  slotOf(x: TensorInfo): Slot {
    const { slot } = this.data.get(x.dataId);
    if (slot === noSlot) throw new Error("this kernel takes no string tensors on the torch backend");
    return slot;
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: object, values: BackendValues, shape: number[], dtype: DataType, refCount: number): void {
    if (dtype === "string") {
      this.data.set(dataId, { dtype, refCount, slot: noSlot, strings: (values ?? []) as Uint8Array[] });
      return;
    }
    const slot = this.takeSlot();
    try {
      this.bridge.upload(slot, hostArray(values, shape, dtype), dtype === "complex64" ? [...shape, 2] : shape);
      if (dtype === "complex64") this.bridge.call(this.viewAsComplex(), slot, slot);
    } catch (error) {
      this.releaseSlot(slot);
      throw error;
    }
    this.data.set(dataId, { dtype, refCount, slot });
  }

  override readSync(dataId: object): BackendValues {
    const { slot, strings } = this.data.get(dataId);
    return strings ?? this.bridge.readSync(slot);
  }

  override async read(dataId: object): Promise<BackendValues> {
    const { slot, strings } = this.data.get(dataId);
    return strings ?? this.bridge.read(slot);
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const entry = this.data.get(dataId);
    entry.refCount--;
    if (!force && entry.refCount > 0) return false;
    if (entry.slot !== noSlot) this.releaseSlot(entry.slot);
    this.data.delete(dataId);
    return true;
  }

  override incRef(dataId: object): void {
    this.data.get(dataId).refCount++;
  }

  override refCount(dataId: object): number {
    return this.data.has(dataId) ? this.data.get(dataId).refCount : 0;
  }

  override numDataIds(): number {
    return this.data.numDataIds();
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override async time(f: () => void): Promise<{ kernelMs: number }> {
    this.bridge.info(); // waits for what is queued, so that only `f` is timed
    const start = performance.now();
    f();
    this.bridge.info();
    return { kernelMs: performance.now() - start };
  }

  /** Frees all tensors; one that is read afterwards gives an error, for no slot is handed out twice. */
  override dispose(): void {
    this.bridge.setAsync(false);
    for (let slot = 0; slot < this.slotCount; slot++) this.bridge.free(slot);
    this.free.length = 0;
  }

  private viewAsComplex(): number {
    this.complexView ??= this.bridge.op("aten::view_as_complex", "", [], [], []);
    return this.complexView;
  }
}

/** Complex numbers are pairs of floats. */
function hostArray(values: BackendValues | null, shape: number[], dtype: DataType): HostArray {
  const ArrayType = { float32: Float32Array, complex64: Float32Array, int32: Int32Array, bool: Uint8Array }[
    dtype as Exclude<DataType, "string">
  ];
  if (values == null) return new ArrayType(util.sizeFromShape(shape) * (dtype === "complex64" ? 2 : 1));
  return values instanceof ArrayType ? values : ArrayType.from(values as unknown as ArrayLike<number>);
}
