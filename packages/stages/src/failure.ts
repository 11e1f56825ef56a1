import type { Failure } from "@reluctant/contracts";

/** Ends an attempt with a failure that its reader can act on. */
export class StageFailure extends Error {
  readonly failure: Failure;
  constructor(code: Failure["code"], message: string, step: number | null = null) {
    super(message);
    this.name = "StageFailure";
    this.failure = { code, fatal: code === "not-finite" || code === "bad-input", message, step };
  }
}

/** A step that found no room on a device with memory of its own. */
export interface DeviceFull {
  model: string;
  /** Images at once: a batch, or a micro-batch. */
  images: number;
  /** The device's memory; 0 where it is not known. */
  deviceBytes: number;
  /** Lent to tensors when an operator asked for more. */
  lentBytes: number;
  /** How many images at once would have fit, estimated by two smaller steps; null where that was not possible. */
  largestBatch: number | null;
  /** What the operator said. */
  cause: Error;
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

/** Ends an attempt for good whose batches do not fit the device: on another try they fit no better. */
export class DeviceFullFailure extends StageFailure {
  override readonly failure: Failure;
  readonly largestBatch: number | null;
  constructor({ model, images, deviceBytes, lentBytes, largestBatch, cause }: DeviceFull) {
    const fits =
      largestBatch === null ? "how many do is not known" : `about ${largestBatch} do, estimated by two smaller steps`;
    const used = `${gigabytes(lentBytes)}${deviceBytes ? ` of ${gigabytes(deviceBytes)}` : ""} were in use`;
    const told = `${images} images of ${model} at once do not fit the device; ${fits}: lower batchSize, or set microBatch`;
    const message = `${told}. ${used} when an operator asked for more: ${cause.message}`;
    super("out-of-memory", message);
    this.name = "DeviceFullFailure";
    this.failure = { code: "out-of-memory", fatal: true, message, step: null };
    this.largestBatch = largestBatch;
    this.cause = cause;
  }
}

/** Runs `read`; what it throws is the fault of `subject`, which no retry can heal. */
export function badInput<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new StageFailure("bad-input", `${subject}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
