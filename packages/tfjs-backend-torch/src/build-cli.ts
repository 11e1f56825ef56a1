#!/usr/bin/env node
/** `tfjs-backend-torch-build`: exit 0 and the addon's path, 3 and one line when something is not installed, 1 otherwise. */
import { ensureBuilt } from "./build.ts";

try {
  const result = await ensureBuilt();
  if ("missing" in result) {
    console.error(result.missing);
    process.exitCode = 3;
  } else {
    console.log(result.addonPath);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
