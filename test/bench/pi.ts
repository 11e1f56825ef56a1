/**
 * What private inference costs on this machine: each unit alone, one core, in µs a ReLU; whole inferences between two
 * processes; the units' exactness on a million values; and a network that was trained on CIFAR-10 beside itself in the clear.
 * The linear layers' correlations come from a dealer: offline rows lack what encryption costs in its place, but those of
 * `--case he` and of `--case systems`, which has one network as each published system arranges it.
 * With `--write` each case leaves its figures in docs/results. `--case` takes several parts of names, with commas: times, some
 * fifteen minutes alone on the machine, are `--case garbling,transfers,convolution,loopback,-lan,-wan`; the rest counts, under any load.
 */
import { FlagError, type Options } from "./options.ts";
import { agreements } from "./pi/agreement.ts";
import { batches } from "./pi/batches.ts";
import type { Case } from "./pi/case.ts";
import { encrypted } from "./pi/encrypted.ts";
import { exactness } from "./pi/exactness.ts";
import { inferences } from "./pi/inferences.ts";
import { linearModelFigures } from "./pi/linear-model.ts";
import { misbehaviors } from "./pi/misbehavior.ts";
import { keep } from "./pi/report.ts";
import { systems } from "./pi/systems.ts";
import { units } from "./pi/units.ts";
import type { Row } from "./rows.ts";

export async function pi({ quick, only, write }: Options): Promise<Row[]> {
  const all: Case[] = [
    ...units,
    ...exactness,
    ...inferences,
    ...encrypted,
    ...systems,
    ...batches,
    ...misbehaviors,
    ...agreements,
  ];
  const parts = only.split(",");
  const chosen = all.filter(({ name, quick: short }) => parts.some((part) => name.includes(part)) && (short || !quick));
  if (chosen.length === 0)
    throw new FlagError(`--case: none has "${only}" in its name; they are ${all.map(({ name }) => name).join(", ")}`);
  const rows: Row[] = [];
  for (const { name, run } of chosen) {
    process.stderr.write(`${name} …\n`);
    const found = await run();
    if (write) await keep(found);
    rows.push(...found);
  }
  return [...rows, ...linearModelFigures(rows)];
}
