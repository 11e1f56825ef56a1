import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { EngineInfo } from "@reluctant/contracts";
import { childEnvironment } from "./child-process.ts";
import type { Left } from "./slot-file.ts";

/** Bytes of the GPU; the memory that an engine tells is the machine's where it computes on the processor. */
export const gpuMemoryOf = ({ device, memoryBytes }: EngineInfo): number | null =>
  device.startsWith("cpu") ? null : memoryBytes;

/** A machine may have been given more memory meanwhile; a GPU that has another size is another. */
export const isSameEngine = (one: EngineInfo, other: EngineInfo): boolean =>
  isDeepStrictEqual({ ...one, memoryBytes: gpuMemoryOf(one) }, { ...other, memoryBytes: gpuMemoryOf(other) });

/** What of a worker's environment a probe's answer depends on. */
export const environmentOf = (env: NodeJS.ProcessEnv): string =>
  createHash("sha256")
    .update(JSON.stringify(Object.entries(childEnvironment(env)).sort()))
    .digest("hex");

/**
 * What the attempt of a killed supervisor computed with, a moment ago on this boot, where nothing is asked otherwise now: the next
 * supervisor goes on with it, and spares the second that libtorch takes to load. Each training process confirms it.
 */
export const engineLeft = (left: Left | null, environment: string): EngineInfo | null =>
  left?.engine?.environment === environment ? left.engine.info : null;
