import fc from "fast-check";
import { expect, test } from "vitest";
import { heldOutForValidation, stratifiedOrder } from "./split.ts";

const labeledNames = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.nat(4)), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 120,
  })
  .map((pairs) => ({ names: pairs.map(([name]) => name), labels: pairs.map(([, label]) => label) }));

test("validation takes exactly 500 of each 5,000", () => {
  const names = Array.from({ length: 50_000 }, (_, i) => `train/${i % 10}/${i}`);
  const labels = names.map((_, i) => i % 10);
  const heldOut = heldOutForValidation(names, labels);
  const perClass = new Array<number>(10).fill(0);
  heldOut.forEach((held, i) => {
    if (held) perClass[labels[i] as number] = (perClass[labels[i] as number] as number) + 1;
  });
  expect(perClass).toEqual(new Array(10).fill(500));
});

test("validation takes the rounded tenth of each class, and at least one", () => {
  fc.assert(
    fc.property(labeledNames, ({ names, labels }) => {
      const heldOut = heldOutForValidation(names, labels);
      for (const label of new Set(labels)) {
        const members = labels.filter((other) => other === label).length;
        const held = labels.filter((other, i) => other === label && heldOut[i]).length;
        expect(held).toBe(Math.max(1, Math.round(members / 10)));
      }
    }),
  );
});

test("whether a sample is held out does not depend on the order of the names", () => {
  fc.assert(
    fc.property(labeledNames, ({ names, labels }) => {
      const reversed = heldOutForValidation([...names].reverse(), [...labels].reverse()).reverse();
      expect(reversed).toEqual(heldOutForValidation(names, labels));
    }),
  );
});

test("the stratified order visits every sample once and does not depend on the order of the names", () => {
  fc.assert(
    fc.property(labeledNames, ({ names, labels }) => {
      const ordered = (all: string[], of: number[]) => [...stratifiedOrder(all, of, "x")].map((index) => all[index]);
      expect(ordered(names, labels).sort()).toEqual([...names].sort());
      expect(ordered([...names].reverse(), [...labels].reverse())).toEqual(ordered(names, labels));
    }),
  );
});

test("with classes of one size no prefix holds two more of one class than of another", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 12 }),
      fc.string(),
      (classes, members, salt) => {
        const labels = Array.from({ length: classes * members }, (_, i) => i % classes);
        const drawn = new Array<number>(classes).fill(0);
        for (const sample of stratifiedOrder(
          labels.map((_, i) => `${i}`),
          labels,
          salt,
        )) {
          drawn[labels[sample] as number] = (drawn[labels[sample] as number] as number) + 1;
          expect(Math.max(...drawn) - Math.min(...drawn)).toBeLessThanOrEqual(1);
        }
      },
    ),
  );
});

test("a class of a tenth of the samples gets a tenth of a draw", () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
  const order = stratifiedOrder(
    labels.map((_, i) => `${i}`),
    labels,
    "x",
  );
  for (const size of [10, 100, 500]) {
    expect([...order.subarray(0, size)].filter((sample) => labels[sample] === 1)).toHaveLength(size / 10);
  }
});
