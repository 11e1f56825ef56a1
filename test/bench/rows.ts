/** What a bench finds: the last line of its output, and its table. */
export interface Figure {
  case: string;
  value: number;
  unit: string;
  /** What it must not exceed. */
  atMost?: number;
  /** What it must reach. */
  atLeast?: number;
  /** Fractions of what it is a part of, by that one's name. */
  shares?: Readonly<Record<string, number>>;
}

/** Ours beside a peer's. Of speed: above 1 ours is faster. Of memory and time: above 1 ours takes more. */
export interface BesidePeer {
  case: string;
  ours: number;
  peer: number;
  ratio: number;
  /** 95 %, where rounds were resampled. */
  interval?: [low: number, high: number];
  unit: string;
  /** The ratio by CPU time. It counts where the machine had other work: then `disturbed`. */
  cpuRatio?: number;
  disturbed?: boolean;
  /** How the peer was fastest. */
  form?: string;
  /** Its next best form and that one's speed, or why there is none. */
  other?: string;
  bar?: { atLeast: number; reach: number } | { atMost: number; reach: number };
}

/** A figure that cannot be had here. */
export interface NotRun {
  case: string;
  notRun: string;
}

export type Row = Figure | BesidePeer | NotRun;

export const isBesidePeer = (row: Row): row is BesidePeer => "ratio" in row;
export const isNotRun = (row: Row): row is NotRun => "notRun" in row;
