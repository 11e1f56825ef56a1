import { readFile, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import { isBesidePeer, isNotRun, type Row } from "../rows.ts";
import { encryptedTable, isOfEncryption, noiseTable } from "./encrypted-table.ts";
import { inferenceTable, isOfInference, systemsTable } from "./inference-table.ts";
import type { Kept } from "./kept.ts";
import { linearModels, publishedSlope } from "./linear-model.ts";

const page = "docs/results/private-inference";

/** Puts figures in the place of earlier ones of the same cases, and writes the table of all. */
export async function keep(rows: readonly Row[]): Promise<void> {
  const earlier: Kept[] = JSON.parse(await readFile(`${page}.json`, "utf8").catch(() => "[]"));
  const date = new Date().toISOString().slice(0, 10);
  const found = rows.flatMap((row) =>
    isNotRun(row) || isBesidePeer(row) ? [] : [{ ...row, date, load: Math.round(10 * (loadavg()[0] ?? 0)) / 10 }],
  );
  const names = new Set(found.map((row) => row.case));
  const all = [...earlier.filter((row) => !names.has(row.case)), ...found];
  await writeFile(`${page}.json`, `${JSON.stringify(all, null, 2)}\n`);
  await writeFile(`${page}.md`, textOf(all));
}

const textOf = (rows: readonly Kept[]): string => `# Private inference

Written by \`npm run bench -- pi --write\`, a case at a time, on ${cpus().length} × ${cpus()[0]?.model.trim()}. Load is the machine's over the
minute before a case ended, the bench's own of 1 to 3 included: above that it had other work, and times are longer than they are alone.

## Whole inferences

Both parties run on this machine, one image after another; times are the client's, who waits for all, of an image behind the
first. Correlations of linear layers come from a dealer: **offline linear cost not included**.

${inferenceTable(rows)}
${modelsOf(rows)}
## Encrypted linear layers

The same with homomorphic encryption in the dealer's place, over loopback; what each layer cost stands in the JSON beside this page.

${encryptedTable(rows)}

Noise before the flood, of the layer that makes most, beside the bound of its weights; and what is left of the noise that decryption
bears, behind the flood.

${noiseTable(rows)}

## Systems

The same network as each published system arranges these blocks: what runs offline and what online. Linear layers are encrypted in all
of them, and no dealer is there; what of each system is left out stands in \`docs/private-inference.md\`.

${systemsTable(rows)}

## Units and counts

One core. The level of instructions stands in each case that has one. Of sessions with a misbehaving peer those went through in
which a message had the right form and random content, from which nonsense is computed, and those in which a second copy came
behind the last message, where nobody reads.

| case | figure | | asked for | load | taken |
| ---- | -----: | --- | --- | ---: | --- |
${rows
  .filter((row) => !isOfInference(row) && !isOfEncryption(row))
  .map(lineOf)
  .join("\n")}

## Beside others

- The literature's latencies of partial-ReLU networks are a line of some 0.09 s + ${publishedSlope} µs a ReLU: computed, not measured.
- emp-toolkit is reported to garble, transfer and evaluate a ReLU of **32 bits**, 93 ANDs and 64 transfers, in 11 to 16 µs with
  its transport. It was not run here, nor on this processor. Ours have 64 bits, 135 or 189 ANDs and 101 or 128 transfers: add
  _garble_, _evaluate_ and both ends of the _transfers_ for the same work without transport, or take the line's slope for
  what is online with it. Part of the distance is the machine's and the instructions', which emp-toolkit has on 128 bits only.
`;

function lineOf({ case: name, value, unit, atMost, atLeast, load, date }: Kept): string {
  const bar = atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : "";
  return `| ${name} | ${Number(value.toPrecision(4))} | ${unit} | ${bar} | ${load} | ${date} |`;
}

const modelsOf = (rows: readonly Kept[]): string =>
  linearModels(rows)
    .map(
      ({ level, startMs, slope, points }) =>
        `\nResNet-18 online, ${level}, one thread: ${startMs.toFixed(0)} ms + ${slope.toFixed(2)} µs a ReLU, a line through ${points} points.\n`,
    )
    .join("");
