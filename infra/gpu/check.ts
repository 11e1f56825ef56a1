/** `check.mjs STAGE`: runs one stage of the check and prints what it found as one line of JSON. check.sh runs them all. */
import { build } from "./stages/build.ts";
import { endurance } from "./stages/endurance.ts";
import { gradients } from "./stages/gradients.ts";
import { memory } from "./stages/memory.ts";
import { replay } from "./stages/replay.ts";
import { schemas } from "./stages/schemas.ts";
import { sgdStep } from "./stages/sgd-step.ts";
import type { Found, Stage } from "./stages/stage.ts";
import { step } from "./stages/step.ts";
import { throughput } from "./stages/throughput.ts";

const stages: Record<string, Stage> = {
  build,
  schemas,
  memory,
  gradients,
  "sgd-step": sgdStep,
  step,
  replay,
  throughput,
  endurance,
};

const name = process.argv[2] ?? "";
const stage = stages[name];
if (!stage) {
  console.error(`"${name}" is no stage; there are ${Object.keys(stages).join(", ")}`);
  process.exit(2);
}
const start = performance.now();
const found = await stage().catch((error: Error): Found => ({ ok: false, error: error.message }));
const seconds = Math.round((performance.now() - start) / 100) / 10;
console.log(JSON.stringify({ stage: name, ...found, seconds }));
process.exit(found.ok ? 0 : 1);
