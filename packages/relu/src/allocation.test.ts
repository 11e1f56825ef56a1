import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { allocate, leastBudget, uniformAllocation } from "./allocation.ts";
import { sum } from "./numbers.ts";
import { publishedSensitivity } from "./published-sensitivity.ts";

// method.md §3: the authors' released CIFAR-100 lists for ResNet-18.
const sizes = [
  65536, 65536, 65536, 65536, 65536, 32768, 32768, 32768, 32768, 16384, 16384, 16384, 16384, 8192, 8192, 8192, 8192,
];
const list100k = [634, 2051, 2359, 2776, 3054, 3932, 5407, 5636, 6160, 7464, 9019, 9175, 9552, 8192, 8192, 8192, 8192];
const list120k = [
  786, 2621, 3015, 3604, 3932, 5079, 7012, 7307, 7995, 9667, 11698, 11895, 12386, 8192, 8192, 8192, 8192,
];

describe("allocation", () => {
  it.each([
    ["100k", list100k, 0.003],
    ["120k", list120k, 0.05],
  ])("reproduces the authors' %s list from their sensitivities", (_, list, tolerance) => {
    const kept = allocate({
      sensitivity: publishedSensitivity.resnet18 as number[],
      sizes,
      budget: sum(list),
      floor: 0,
    });
    for (const [l, count] of kept.entries()) {
      expect(Math.abs(count - (list[l] as number)) / (list[l] as number)).toBeLessThan(tolerance);
    }
  });

  const networks = fc
    .array(fc.record({ eta: fc.double({ min: 0, max: 1, noNaN: true }), size: fc.integer({ min: 1, max: 5000 }) }), {
      minLength: 1,
      maxLength: 20,
    })
    .chain((layers) => {
      const input = { sensitivity: layers.map((l) => l.eta), sizes: layers.map((l) => l.size), floor: 0.004 };
      const least = leastBudget(input.sizes, input.floor);
      return fc.record({ input: fc.constant(input), budget: fc.integer({ min: least, max: sum(input.sizes) }) });
    });

  it("spends the budget exactly, within every layer's floor and size, and is monotone in the budget", () => {
    fc.assert(
      fc.property(networks, ({ input, budget }) => {
        const kept = allocate({ ...input, budget });
        expect(sum(kept)).toBe(budget);
        kept.forEach((count, l) => {
          expect(count).toBeLessThanOrEqual(input.sizes[l] as number);
          expect(count).toBeGreaterThanOrEqual(Math.floor((input.sizes[l] as number) * input.floor));
        });
        if (budget < sum(input.sizes)) {
          const more = allocate({ ...input, budget: budget + 1 });
          for (const [l, count] of kept.entries()) expect(more[l]).toBeGreaterThanOrEqual(count);
        }
      }),
    );
  });

  it("refuses budgets outside what the layers can hold, and broken sensitivities", () => {
    const input = { sensitivity: [1, 2], sizes: [100, 100], floor: 0.1 };
    expect(() => allocate({ ...input, budget: 19 })).toThrow(/between 20 .* and 200/);
    expect(() => allocate({ ...input, budget: 201 })).toThrow(/between/);
    expect(() => allocate({ ...input, budget: 50.5 })).toThrow(/whole number/);
    expect(() => allocate({ ...input, sensitivity: [Number.NaN, 1], budget: 50 })).toThrow(/finite/);
    expect(() => allocate({ ...input, sensitivity: [1], budget: 50 })).toThrow(/1 sensitivities for 2/);
  });

  it("gives every layer the same share when uniform", () => {
    expect(uniformAllocation([1000, 500, 100], 160)).toEqual([100, 50, 10]);
  });
});
