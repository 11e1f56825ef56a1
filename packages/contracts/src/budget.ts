import { z } from "zod";

/**
 * A ReLU budget as a user writes it: a count (`50000`, `"50k"`, `"1.2M"`) or a share of the model's ReLUs (`"10%"`).
 * A bare fraction such as 0.1 is refused: it could mean either.
 */
export const budgetSchema = z
  .union([z.number(), z.string()], 'must be a count (50000, "50k") or a share of the ReLUs ("10%")')
  .meta({
    // What is read below, as far as a pattern can say it: at least one ReLU, a whole number of them, at most 100 %.
    anyOf: [
      { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
      { type: "string", pattern: "^[1-9][0-9]{0,8}$" },
      { type: "string", pattern: "^([1-9][0-9]{0,5}(\\.[0-9]{1,3})?|0\\.[0-9]{0,2}[1-9]) ?[kK]$" },
      { type: "string", pattern: "^([1-9][0-9]{0,2}(\\.[0-9]{1,6})?|0\\.[0-9]{0,5}[1-9]) ?[mM]$" },
      { type: "string", pattern: "^(100|[1-9][0-9]?(\\.[0-9]{1,6})?|0\\.[0-9]{0,5}[1-9]) ?%$" },
    ],
    examples: ["10%", "50k", 50_000],
  })
  .transform((written, ctx): Budget => {
    const budget = parseBudget(written);
    if ("error" in budget) {
      ctx.addIssue({ code: "custom", message: budget.error });
      return z.NEVER;
    }
    return budget;
  });

export type Budget = { count: number } | { percent: number };

const counts = /^(\d+(?:\.\d+)?)\s*([kKmM]?)$/;
const shares = /^(\d+(?:\.\d+)?)\s*%$/;
const unit = { "": 1, k: 1e3, m: 1e6 } as const;

export function parseBudget(written: number | string): Budget | { error: string } {
  if (typeof written === "number") return countOf(written, String(written));
  const text = written.trim();
  const share = shares.exec(text);
  if (share) {
    const percent = Number(share[1]);
    return percent > 0 && percent <= 100
      ? { percent }
      : { error: `budget "${text}" must be above 0 % and at most 100 %` };
  }
  const count = counts.exec(text);
  if (!count) return { error: `budget "${text}" is neither a count (50000, "50k") nor a share of the ReLUs ("10%")` };
  return countOf(Number(count[1]) * unit[(count[2] ?? "").toLowerCase() as keyof typeof unit], text);
}

function countOf(value: number, written: string): Budget | { error: string } {
  if (value > 0 && value < 1) {
    return {
      error: `budget ${written} is ambiguous: write "${+(value * 100).toFixed(4)}%" for a share of the ReLUs, or a count of at least 1`,
    };
  }
  const count = Number.isInteger(value) ? value : Math.round(value * 1e6) / 1e6; // 8.2 M is 8199999.999999999
  if (!Number.isSafeInteger(count) || count < 1) {
    return { error: `budget ${written} must be a whole number of ReLUs, at least 1` };
  }
  return { count };
}

/** A budget as a user writes it. */
export const writtenBudget = (budget: Budget): number | string =>
  "count" in budget ? budget.count : `${budget.percent}%`;

/** Absolute count of a budget for a model of `total` ReLU units; shares round down, so the budget is never exceeded. */
export const budgetCount = (budget: Budget, total: number): number =>
  "count" in budget ? budget.count : Math.floor((budget.percent * total) / 100);
