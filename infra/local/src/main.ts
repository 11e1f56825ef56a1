import { join } from "node:path";
import { runStack } from "./run.ts";

await runStack({ dir: join(import.meta.dirname, "../../../var"), workers: 1 }).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
