/** The addon's surface (`native/bridge.cc`), typed. */
import { createRequire } from "node:module";

/** Index of a tensor in the bridge. Handed out by `TorchBackend`. */
export type Slot = number;

export type HostArray = Float32Array | Int32Array | Uint8Array;

/** undefined takes the schema's default, null is None. A tensor argument is its slot. */
export type Argument = number | boolean | string | null | undefined | readonly number[] | readonly boolean[];

/** How an operator sees a tensor: as it is, or as a view in torch's order of dimensions (rank 4 or 5), without a copy. */
export const view = { same: 0, nhwc: 1, hwio: 2 } as const;
export type View = (typeof view)[keyof typeof view];

/** Levels of a processor's instruction set, lowest first. On other processors than x86 there is the lowest alone. */
export const cpuLevels = ["baseline", "avx2", "avx512"] as const;
export type CpuLevel = (typeof cpuLevels)[number];

export interface TorchInfo {
  /** libtorch's version. */
  version: string;
  device: "cpu" | "cuda";
  /** At which the processor computes: its own, or a lower one that TFJS_TORCH_CPU_LEVEL forces. */
  cpuLevel: CpuLevel;
  /** Threads that one operator may use. */
  threads: number;
  /** Live tensors in slots. */
  tensors: number;
  bytes: number;
  /**
   * On CUDA in all blocks, in the processor's memory in those of 1 MB and more: lent to tensors now, at most since a step
   * was last compiled or the peak forgotten, and lent or kept for the next tensors.
   */
  allocatedBytes: number;
  peakBytes: number;
  heldBytes: number;
  /** The device's own memory; 0 on CPUs, and where libtorch does not tell. */
  totalBytes: number;
  /** Operator calls since the start. */
  calls: number;
}

/** What libtorch ran. */
export interface OperatorCounts {
  /** Calls of each operator, those within others too: `aten::convolution`, `aten::copy_`. */
  operators: Readonly<Record<string, number>>;
  /** Copies that only change the order of elements in memory: `float[16, 3, 3, 3] by aten::convolution_backward`. */
  layoutCopies: Readonly<Record<string, number>>;
}

/** Where an operator's tensors are among its arguments. */
export interface Signature {
  /** As errors call it, `aten::add.Tensor`. */
  label: string;
  results: number;
  tensors: readonly number[];
  /** Lists of tensors. */
  lists: readonly number[];
  /** Arguments that it modifies in place. */
  written: readonly number[];
}

/** Index of a tensor in a program: to a program what a slot is to the backend. */
export type Cell = number;

/** A recorded step. Cells are numbered: external ones first, then inputs, constants, and those that only it sees. */
export interface Program {
  cells: number;
  externals: number;
  inputs: number;
  constants: readonly { values: HostArray; shape: readonly number[] }[];
  /** `call` as in `Bridge.call` with cells for slots; `dead` are the cells that no later command mentions. */
  commands: readonly { call: readonly Argument[]; dead: readonly Cell[] }[];
  /** Pairs: an external cell, and the cell whose tensor it has in the end. */
  assigned: readonly (readonly [Cell, Cell])[];
  outputs: readonly Cell[];
}

export interface Bridge {
  /** Loads a library that registers operators with libtorch, and tells it the level of instructions. */
  load(libraryPath: string): void;
  op(
    name: string,
    overload: string,
    inputViews: readonly View[],
    resultViews: readonly View[],
    written: readonly number[],
  ): number;
  call(op: number, ...resultSlotsThenArguments: Argument[]): void;
  free(slot: Slot): void;
  upload(slot: Slot, values: HostArray, shape: readonly number[]): void;
  /** Number of the torch type that a tensor is stored in; waits for the queue. */
  scalarType(slot: Slot): number;
  readSync(slot: Slot): HostArray;
  read(slot: Slot): Promise<HostArray>;
  signature(op: number): Signature;
  /** @returns the program's number */
  compile(program: Program): number;
  /** Runs a program on the external cells' slots and one array for each input; resolves to the outputs' values. */
  replay(program: number, externals: readonly Slot[], inputs: readonly HostArray[]): Promise<HostArray[]>;
  /** Why its runs are not launched as a CUDA graph; empty where they are. Waits for the queue. */
  whyNoGraph(program: number): string;
  drop(program: number): void;
  /** With `true`, every command is waited for and its error thrown, on the engine thread too. */
  setBlocking(on: boolean): void;
  setAsync(on: boolean): void;
  setThreads(count: number): void;
  setDeterministic(on: boolean): void;
  /** CUDA only. */
  setTF32(on: boolean): void;
  /** Counts all threads' operators, from nothing. */
  startCounting(): void;
  stopCounting(): OperatorCounts;
  /** Those that this machine has, lowest first. */
  cpuLevels(): CpuLevel[];
  /** Counts `peakBytes` anew. */
  forgetMemoryPeak(): void;
  info(): TorchInfo;
}

/** Loads the addon. Debian's libtorch pulls in 286 shared libraries, which takes about 0.9 s. */
export function loadBridge(addonPath: string): Bridge {
  return createRequire(import.meta.url)(addonPath) as Bridge;
}
