import { catalog } from "@reluctant/relu";
/** `check.mjs PART`: runs one part of the check and prints what it found as one line of JSON. check.sh runs its groups. */
import { build } from "./parts/build.ts";
import { endurance } from "./parts/endurance.ts";
import { gradients } from "./parts/gradients.ts";
import { kernels } from "./parts/kernels.ts";
import { memory } from "./parts/memory.ts";
import type { Found, Part } from "./parts/part.ts";
import { precision } from "./parts/precision.ts";
import { rateParts } from "./parts/rates.ts";
import { replay } from "./parts/replay.ts";
import { schemas } from "./parts/schemas.ts";
import { sgdStep } from "./parts/sgd-step.ts";
import { step } from "./parts/step.ts";

const parts = catalog<Record<string, Part>>({
  build,
  kernels,
  replay,
  gradients,
  memory,
  precision,
  "sgd-step": sgdStep,
  endurance,
  schemas,
  step,
  ...rateParts,
});

const name = process.argv[2] ?? "";
const part = parts[name];
if (!part) {
  console.error(`"${name}" is no part; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
const start = performance.now();
const found = await part().catch((error: Error): Found => ({ ok: false, error: error.message }));
const seconds = Math.round((performance.now() - start) / 100) / 10;
console.log(JSON.stringify({ part: name, ...found, seconds }));
process.exit(found.ok ? 0 : 1);
