import type { Trial } from "@reluctant/contracts";

/** Trials of one method as a grid: a row for each seed, a column for each budget (`null`: no budget asked). */
export interface TrialGridData {
  method: string;
  budgets: (number | null)[];
  seeds: number[];
  /** `cells[seed][budget]`; undefined where the sweep has no such trial. */
  cells: (Trial | undefined)[][];
}

export function trialGrids(trials: Trial[]): TrialGridData[] {
  const methods = [...new Set(trials.map((trial) => trial.method))].sort();
  return methods.map((method) => {
    const mine = trials.filter((trial) => trial.method === method);
    const budgets = [...new Set(mine.map((trial) => trial.budget))].sort((a, b) => (a ?? 0) - (b ?? 0));
    const seeds = [...new Set(mine.map((trial) => trial.seed))].sort((a, b) => a - b);
    const byPlace = new Map(mine.map((trial) => [`${trial.seed}/${trial.budget}`, trial]));
    return {
      method,
      budgets,
      seeds,
      cells: seeds.map((seed) => budgets.map((budget) => byPlace.get(`${seed}/${budget}`))),
    };
  });
}

/** Where an accuracy lies between the least and the greatest of the grid: 0 to 1, and 1 when all are equal. */
export function heat(accuracy: number, trials: Trial[]): number {
  const known = trials.flatMap((trial) => trial.testAccuracy ?? []);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  return high > low ? (accuracy - low) / (high - low) : 1;
}
