/**
 * What private inference costs on this machine: each unit alone, one core, in µs a ReLU; whole inferences between two
 * processes; and the units' exactness on a million values. The linear layers' correlations come from a dealer: offline figures
 * lack what homomorphic encryption would cost in its place.
 */
import { FlagError, type Options } from "./options.ts";
import type { Case } from "./pi/case.ts";
import { exactness } from "./pi/exactness.ts";
import { inferences } from "./pi/inferences.ts";
import { units } from "./pi/units.ts";
import type { Figure } from "./rows.ts";

export async function pi({ quick, only }: Options): Promise<Figure[]> {
  const all: Case[] = [...units, ...exactness, ...inferences];
  const chosen = all.filter((one) => one.name.includes(only) && (one.quick || !quick));
  if (chosen.length === 0)
    throw new FlagError(`--case: none has "${only}" in its name; they are ${all.map(({ name }) => name).join(", ")}`);
  const figures: Figure[] = [];
  for (const { name, run } of chosen) {
    process.stderr.write(`${name} …\n`);
    figures.push(...(await run()));
  }
  return figures;
}
