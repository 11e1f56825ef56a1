import { basename } from "node:path";
import type { Dataset, ExperimentSpecInput, StageResult } from "@reluctant/contracts";
import type { Imported } from "@reluctant/interchange";
import { percent } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import { exitCodes } from "./report-error.ts";
import { note, print } from "./terminal/print.ts";
import { line, type Text } from "./terminal/text.ts";
import { endText, follow } from "./watch.ts";

/** Hashes of the artifacts that an import stored. */
export interface Stored {
  weights: string;
  masks: string | null;
}

interface Import {
  path: string;
  dataset: Pick<Dataset, "name" | "classes">;
  imported: Imported;
  stored: Stored;
}

/**
 * Has a worker tell the accuracy of what came in, which is its frontier point. Where no worker is up it does so later, and
 * nobody waits.
 */
export async function evaluateImport(client: Client, { path, dataset, imported, stored }: Import): Promise<void> {
  const { id, name } = await client.experiments.submit(specOf({ path, dataset, imported, stored }));
  const workers = await client.workers();
  if (!workers.some(({ pool, state }) => pool === "default" && (state === "idle" || state === "busy")))
    return note(line`no worker is up: one will tell its accuracy later; reluctant watch ${id}`);
  const ended = await follow(client, id, process.stderr);
  const result = ended.stageRuns.find((stageRun) => stageRun.result)?.result;
  if (ended.state === "finished" && result && "testAccuracy" in result)
    return print(accuracyText(result, { stated: imported.accuracy, classes: dataset.classes.length }));
  print(endText({ ...ended, name }), process.stderr);
  process.exitCode = exitCodes.unfinished;
}

const specOf = ({ path, dataset, imported, stored }: Import): ExperimentSpecInput => ({
  name: `import ${basename(path)}`.replaceAll(/[^A-Za-z0-9 ._@+-]/g, "_").slice(0, 100),
  dataset: dataset.name,
  model: imported.model,
  recipe: "imported",
  methods: ["imported"],
  arModel: stored.weights,
  ...(stored.masks ? { masks: stored.masks } : { until: "train" }),
});

type Evaluated = Extract<StageResult, { testAccuracy: number }>;

/**
 * What it reached here, beside what the file says of itself. Guessing is right once in so many classes: who does little
 * better was imported wrongly.
 */
export function accuracyText(
  { validationAccuracy, testAccuracy }: Pick<Evaluated, "validationAccuracy" | "testAccuracy">,
  { stated, classes }: { stated: number | null; classes: number },
): Text {
  const file = stated === null ? "the file says nothing of its accuracy" : `the file says ${percent(stated, 1)}`;
  const chance = 1 / classes;
  const isNearChance = validationAccuracy < chance + 0.1 * (1 - chance);
  const reached = `validation ${percent(validationAccuracy, 1)}, test ${percent(testAccuracy, 1)}`;
  if (!isNearChance) return line`here it reaches ${reached}; ${file}`;
  return line`${file}; here it reaches ${reached}, and guessing ${percent(chance, 1)}: wrong normalization or variant?`;
}
