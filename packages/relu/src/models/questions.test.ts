import { describe, expect, it } from "vitest";
import { canonicalJson } from "../stage-key.ts";
import { models } from "./catalog.ts";
import type { Model } from "./model.ts";
import { questions } from "./questions.ts";

/** What a file shows of a network: its tensors' names and shapes, as those of the layers that have any. */
const tensorsOf = ({ nodes }: Model): string =>
  canonicalJson(
    nodes.flatMap((node) => {
      if (node.op === "conv") return [[node.name, node.kernel, node.channelsIn, node.shape[2], node.bias]];
      if (node.op === "dense") return [[node.name, node.features, node.shape[2]]];
      return node.op === "batch-norm" ? [[node.name, node.shape[2]]] : [];
    }),
  );

describe("questions", () => {
  it("are asked wherever two models have the same tensors and compute different functions", () => {
    const asked = Object.values(questions).map(({ answers }) => Object.values(answers).map(({ model }) => model));
    for (const side of [32, 64, 224]) {
      const alike = new Map<string, string[]>();
      for (const [name, { build, sides }] of Object.entries(models)) {
        if (!sides.includes(side)) continue;
        const tensors = tensorsOf(build([side, side, 3], 10));
        alike.set(tensors, [...(alike.get(tensors) ?? []), name]);
      }
      for (const names of [...alike.values()].filter(({ length }) => length > 1))
        expect(asked.map((group) => group.toSorted().join())).toContain(names.toSorted().join());
    }
  });

  it.each(Object.entries(questions))(
    "of %s name models of the same tensors, itself among them",
    (asked, { answers }) => {
      const named = Object.values(answers).map(({ model }) => model);
      expect(named).toContain(asked);
      const side = models[asked]?.sides[0] as number;
      const built = named.map((name) => models[name]?.build([side, side, 3], 10) as Model);
      expect(new Set(built.map(tensorsOf)).size).toBe(1);
      expect(new Set(built.map(({ nodes }) => canonicalJson(nodes))).size).toBe(named.length);
    },
  );
});
