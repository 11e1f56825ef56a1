/** How numbers are written on every screen and plot: exact where it fits, short on axes, units always. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `48213` → `48,213`. */
export const count = (value: number): string => grouped.format(value);

/** `48213` → `48.2k`, `2000` → `2k`, `1500000` → `1.5M`; three significant digits. */
export function short(value: number): string {
  if (Math.abs(value) < 1_000) return String(+value.toPrecision(3));
  const rounded = +value.toPrecision(3);
  return rounded < 1e6 ? `${+(rounded / 1e3).toPrecision(3)}k` : `${+(rounded / 1e6).toPrecision(3)}M`;
}

/** A share in [0, 1] as `91.94 %`, with `digits` decimals. */
export const percent = (share: number, digits = 2): string => `${(share * 100).toFixed(digits)} %`;

/** A budget as a share of all ReLUs: `8.7 %`, and two significant digits below 1 %. */
export const budgetShare = (relus: number, total: number): string => {
  const share = (relus / total) * 100;
  return `${share >= 1 ? share.toFixed(1) : +share.toPrecision(2)} %`;
};
