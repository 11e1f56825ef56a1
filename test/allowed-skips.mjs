/** What may be skipped with `CI=true`: what this machine cannot have. */
import { readFileSync } from "node:fs";
import { isOnPath } from "../scripts/programs.mjs";
import { noGo, notBuildable, s3ServerOfTests, whyNoS3Server } from "../scripts/s3-server.mjs";

export const noBf16 = "no bfloat16 instructions, on this processor or at the level forced on it";

/** Whether a test may be skipped for that reason: one of the list, which holds here. */
export const isAllowedSkip = (reason) => allowed.some((skip) => reason.startsWith(skip.reason) && skip.holds());

const allowed = [
  {
    reason: noBf16,
    holds: () => ["baseline", "avx2"].includes(process.env.TFJS_TORCH_CPU_LEVEL) || !processorHasBf16(),
  },
  { reason: noGo, holds: () => !isOnPath("go") },
  { reason: notBuildable, holds: () => !s3ServerOfTests() && whyNoS3Server().startsWith(notBuildable) },
];

/** Asked of the processor itself: what the backend answers is what the tests are to check. */
function processorHasBf16() {
  return /\b(avx512_bf16|amx_bf16)\b/.test(readFileSync("/proc/cpuinfo", "utf8"));
}
