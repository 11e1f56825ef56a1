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

export interface TorchInfo {
  /** libtorch's version. */
  version: string;
  device: "cpu" | "cuda";
  /** Threads that one operator may use. */
  threads: number;
  /** Live tensors in slots. */
  tensors: number;
  bytes: number;
  /** Operator calls since the start. */
  calls: number;
}

export interface Bridge {
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
  readSync(slot: Slot): HostArray;
  read(slot: Slot): Promise<HostArray>;
  setAsync(on: boolean): void;
  setThreads(count: number): void;
  info(): TorchInfo;
}

/** Loads the addon. Debian's libtorch pulls in 286 shared libraries, which takes about 0.9 s. */
export function loadBridge(addonPath: string): Bridge {
  return createRequire(import.meta.url)(addonPath) as Bridge;
}
