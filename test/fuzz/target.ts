/** Files by path, as a reader takes them together. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** What a reader made of an input. */
export interface Reading {
  /** That it gives. */
  bytes: number;
  /** What it asked for, by path within the input's folder. */
  paths?: readonly string[];
}

/** What the changes to one input are drawn from: the same for the same seed and number. */
export interface Lot {
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** The bytes with a few changes. */
  broken(bytes: Uint8Array): Buffer;
}

/** A reader that is open to inputs. */
export interface Opened {
  /** Sound files, of which inputs are made; their reading is to come to some bytes. */
  files: Files;
  /** One input; where nothing is said, one of the files with a few changes. */
  input?(lot: Lot): Files;
  /** Reads an input, or throws. */
  read(files: Files): Reading | Promise<Reading>;
  /** Whether what was thrown is meant for who brought the file: anything else is a fault of ours. */
  isRefusal(error: Error): boolean;
  close?(): Promise<void>;
}

/** What is fuzzed. */
export interface Target {
  name: string;
  open(): Opened | Promise<Opened>;
  limits?: Partial<Limits>;
}

/** What one input may take. */
export interface Limits {
  /** That a reading may give for each byte of its input. */
  growth: number;
  /** Memory that reading may add, in bytes. */
  memory: number;
  /** Seconds of processor time. */
  seconds: number;
}

export const defaultLimits: Limits = { growth: 16, memory: 100 * 2 ** 20, seconds: 5 };
