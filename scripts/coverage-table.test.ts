import { readFileSync } from "node:fs";
import { join } from "node:path";
import { modelNames } from "@reluctant/relu";
import { implementations, methods } from "@reluctant/stages/definitions";
import { describe, expect, it } from "vitest";
import { coverageRows, coverageTable, withCoverageTable } from "./coverage-table.mjs";

const root = join(import.meta.dirname, "..");
const realSteps: Record<string, string[]> = JSON.parse(readFileSync(join(root, "test/real-steps.json"), "utf8"));

type Result = Parameters<typeof coverageRows>[0]["results"][number];
const resultOf = (method: string): { results: Result[] } => ({
  results: [{ name: "table", model: "resnet20", rows: [{ method }] }],
});

/** The cell of a model, stage and method. */
function cell(input: Partial<Parameters<typeof coverageRows>[0]>, model: string, stage: string, method: string) {
  const models = ["resnet8", "resnet20"];
  const rows = coverageRows({ modelNames: models, methods, realSteps: {}, results: [], ...input });
  const row = rows.find((one) => one.stage === stage && one.methods.includes(method));
  return row?.cells[models.indexOf(model)];
}

describe("the table of what was run here", () => {
  it("is the one that README shows; else run npm run coverage-table", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    expect(readme).toBe(withCoverageTable(readme, coverageTable()));
  });

  it("knows every model and implementation that the tests step through", () => {
    for (const [model, run] of Object.entries(realSteps)) {
      expect(modelNames).toContain(model);
      expect(run.filter((name) => !(name in implementations))).toEqual([]);
    }
  });

  it("links a result for the method's own stages, and for those that all methods share", () => {
    const link = "[table](docs/results/table.md)";
    for (const stage of ["train", "sensitivity", "mask-search", "distillation"])
      expect(cell(resultOf("senet"), "resnet20", stage, "senet")).toBe(link);
    expect(cell(resultOf("senet"), "resnet20", "train", "snl")).toBe(link);
    expect(cell(resultOf("senet"), "resnet20", "distillation", "snl")).toBe("–"); // the same code, but not that network
    expect(cell(resultOf("senet"), "resnet8", "train", "senet")).toBe("–");
    expect(cell(resultOf("ar"), "resnet20", "train", "senet")).toBe(link);
    expect(cell(resultOf("ar"), "resnet20", "sensitivity", "senet")).toBe("–");
    // Its masks are drawn without sensitivities.
    expect(cell(resultOf("uniform-random"), "resnet20", "sensitivity", "senet")).toBe("–");
  });

  it("says steps where the tests run the implementation, whichever method asks for it", () => {
    const steps = { realSteps: { resnet8: ["mask-search/snl"] } };
    expect(cell(steps, "resnet8", "mask-search", "snl-exact")).toBe("steps");
    expect(cell(steps, "resnet8", "mask-search", "senet")).toBe("–");
    expect(cell(steps, "resnet20", "mask-search", "snl")).toBe("–");
  });
});
