import { describe, expect, test } from "vitest";
import { budgets, methods, trials } from "../../testing/fixtures.ts";
import { heat, trialGrids } from "./trial-grid.ts";

describe("the grid of trials", () => {
  test("has a table a method, with every trial at its seed and budget", () => {
    const grids = trialGrids(trials);
    expect(grids.map((grid) => grid.method)).toEqual(methods);
    for (const grid of grids) {
      expect(grid.budgets).toEqual(budgets);
      for (const [row, cells] of grid.cells.entries()) {
        for (const [column, trial] of cells.entries()) {
          expect(trial).toMatchObject({ method: grid.method, seed: grid.seeds[row], budget: budgets[column] });
        }
      }
    }
  });

  test("leaves holes where the sweep has no trial, and heats from the least to the greatest", () => {
    const grids = trialGrids(trials.filter((trial) => trial.method === "senet").slice(1));
    expect(grids.flatMap((grid) => grid.cells.flat()).indexOf(undefined)).toBe(0);
    const accuracies = trials.flatMap((trial) => trial.testAccuracy ?? []);
    expect(heat(Math.min(...accuracies), trials)).toBe(0);
    expect(heat(Math.max(...accuracies), trials)).toBe(1);
  });
});
