/**
 * What private inference costs on this machine: each unit alone, one core, in µs a ReLU; whole inferences between two
 * processes; the units' exactness on a million values; and a network that was trained on CIFAR-10 beside itself in the clear. The linear layers' correlations come from a dealer, so offline
 * rows lack what homomorphic encryption would cost in its place, but for those of encrypted linear layers, `--case he`. With `--write` each case leaves its figures in docs/results.
 */
import { FlagError, type Options } from "./options.ts";
import { agreements } from "./pi/agreement.ts";
import type { Case } from "./pi/case.ts";
import { encrypted } from "./pi/encrypted.ts";
import { exactness } from "./pi/exactness.ts";
import { inferences } from "./pi/inferences.ts";
import { misbehaviors } from "./pi/misbehavior.ts";
import { keep } from "./pi/report.ts";
import { units } from "./pi/units.ts";
import type { Row } from "./rows.ts";

export async function pi({ quick, only, write }: Options): Promise<Row[]> {
  const all: Case[] = [...units, ...exactness, ...inferences, ...encrypted, ...misbehaviors, ...agreements];
  const chosen = all.filter((one) => one.name.includes(only) && (one.quick || !quick));
  if (chosen.length === 0)
    throw new FlagError(`--case: none has "${only}" in its name; they are ${all.map(({ name }) => name).join(", ")}`);
  const rows: Row[] = [];
  for (const { name, run } of chosen) {
    process.stderr.write(`${name} …\n`);
    const found = await run();
    if (write) await keep(found);
    rows.push(...found);
  }
  return rows;
}
