import type { ResultOf } from "@reluctant/contracts";

/** How numbers are written on every screen and plot: exact where it fits, short on axes, units always. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `48213` → `48,213`. */
export const count = (value: number): string => grouped.format(value);

const units = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
] as const;

/** `48213` → `48.2k`, `2000` → `2k`, `1500000` → `1.5M`, `4089184256` → `4.09G`; three significant digits. */
export function compact(value: number): string {
  const rounded = +value.toPrecision(3);
  const [unit, letter] = units.find(([least]) => Math.abs(rounded) >= least) ?? [1, ""];
  return `${+(rounded / unit).toPrecision(3)}${letter}`;
}

/** `941204` → `941 kB`, `102228128` → `102 MB`; powers of a thousand. */
export const bytes = (value: number): string =>
  compact(value).replace(/^([\d.]+)([a-zA-Z]?)$/, (_, amount, unit) => `${amount} ${unit}B`);

/** `0.0421` → `0.042 ms`, `87.31` → `87.3 ms`, `4212` → `4.21 s`; three significant digits. */
export function milliseconds(value: number): string {
  const rounded = +value.toPrecision(3);
  return rounded < 1_000 ? `${rounded} ms` : `${rounded / 1_000} s`;
}

/** A share in [0, 1] as `91.94 %`, with `digits` decimals. */
export const percent = (share: number, digits = 2): string => `${(share * 100).toFixed(digits)} %`;

/** A budget as a share of all ReLUs: `8.7 %`, and two significant digits below 1 %. */
export const budgetShare = (relus: number, total: number): string => {
  const share = (relus / total) * 100;
  return `${share >= 1 ? share.toFixed(1) : +share.toPrecision(2)} %`;
};

/** Shares of a distillation's terms: `cross-entropy 8 %, divergence 71 %, PRAM 21 %`. */
export const lossSharesText = ({ crossEntropy, divergence, pram }: ResultOf<"distillation">["lossShares"]): string =>
  Object.entries({ "cross-entropy": crossEntropy, divergence, PRAM: pram })
    .map(([name, share]) => `${name} ${percent(share, 0)}`)
    .join(", ");
