/**
 * What bounds a training step on this machine's processor, one thread: each convolution beside the core's peak, and all else
 * beside the memory's bandwidth. docs/results/engine.md has what it came to.
 */
import { createEngine } from "@reluctant/engine";
import { cases } from "./engine/cases.ts";
import { threads } from "./engine/compare.ts";
import { boundsOf } from "./engine/convolutions.ts";
import { preparedGlyphs } from "./engine/worker-child.ts";
import { FlagError, type Options } from "./options.ts";
import type { Row } from "./rows.ts";

const measured = cases.filter(({ kind, model }) => kind === "train" && model !== "resnet8");

export async function bounds({ quick, only }: Options): Promise<Row[]> {
  const chosen = measured.filter(({ name }) => name.includes(only));
  if (chosen.length === 0)
    throw new FlagError(
      `--case: none has "${only}" in its name; they are ${measured.map(({ name }) => name).join(", ")}`,
    );
  const { info } = await createEngine({ backend: "torch", threads, precision: "fp32" });
  const data = await preparedGlyphs();
  const rows: Row[] = [];
  try {
    for (const one of chosen) {
      process.stderr.write(`${one.name} …\n`);
      if (info.precisions.includes(one.precision)) rows.push(...(await boundsOf(one, data, quick ? 3 : 9)));
      else rows.push({ case: one.name, notRun: `the processor has no instructions for ${one.precision}` });
    }
  } finally {
    data.close();
  }
  return rows;
}
