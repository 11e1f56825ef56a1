/**
 * Every model's definition by its hash, which stands beside the results that it made, and the names and shapes of its weights,
 * which stand in artifacts and checkpoints. Recorded anew, where a model is meant to change or a new one came:
 * GOLDEN=record npx vitest run test/golden/models.test.ts
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalJson, models } from "@reluctant/relu";
import { weightShapes } from "@reluctant/stages";
import { expect, it } from "vitest";

const file = join(import.meta.dirname, "models.json");
const hash = (value: unknown) => createHash("sha256").update(canonicalJson(value)).digest("hex");

it("models keep their definitions, their weights and the order of those", () => {
  const now = Object.values(models).flatMap(({ build, sides }) =>
    sides.map((side) => {
      const model = build([side, side, 3], 10);
      return [`${model.name} ${side}`, { definition: hash(model), weights: hash([...weightShapes(model)]) }] as const;
    }),
  );
  if (process.env.GOLDEN === "record") writeFileSync(file, `${JSON.stringify(Object.fromEntries(now), null, 2)}\n`);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(Object.fromEntries(now));
});
