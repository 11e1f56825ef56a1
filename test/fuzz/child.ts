/** Fuzzes one target in a process of its own: `child.js GROUP PLACE SEED FROM INPUTS FOLDER`. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Finding, fuzz } from "./fuzz.ts";
import type { Target } from "./target.ts";
import { targets } from "./targets/index.ts";

const [group = "", place, seed, from, inputs, folder = ""] = process.argv.slice(2);
const target = targets[group]?.[Number(place)] as Target;
const range = { seed: Number(seed), from: Number(from), inputs: Number(inputs) };
const { findings, ...tally } = await fuzz(target, range, (starting) => process.send?.({ starting }));
for (const finding of findings) await keep(finding);
const told = findings.map(({ input, what }) => ({ input, what }));
process.send?.({ result: { ...tally, peak: process.resourceUsage().maxRSS * 1024, findings: told } });
process.disconnect?.();

/** Leaves the input's files where a debugger finds them. */
async function keep({ input, files }: Finding): Promise<void> {
  for (const [path, bytes] of Object.entries(files)) {
    const file = join(folder, target.name.replaceAll(/\W+/g, "-"), String(input), path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}
