import fc from "fast-check";
import { expect, test } from "vitest";
import { heldOutForValidation, stratifiedOrder } from "./split.ts";

const labeledNames = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 12 }), fc.nat(4)), { selector: ([name]) => name, minLength: 1, maxLength: 120 })
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

test("the stratified order is a permutation whose prefixes hold each class in its share, within one", () => {
  fc.assert(
    fc.property(labeledNames, ({ names, labels }) => {
      const order = [...stratifiedOrder(names, labels, "x")];
      expect([...order].sort((a, b) => a - b)).toEqual(names.map((_, i) => i));
      for (const label of new Set(labels)) {
        const members = labels.filter((other) => other === label).length;
        const prefix = order.slice(0, Math.ceil(names.length / 2));
        const drawn = prefix.filter((i) => labels[i] === label).length;
        const classes = new Set(labels).size;
        expect(Math.abs(drawn - (prefix.length * members) / names.length)).toBeLessThanOrEqual(Math.max(1, classes / 2));
      }
    }),
  );
});
