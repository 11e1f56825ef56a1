#!/usr/bin/env node
/** Builds the kernels in C++ ahead of time: exit 0 and their path, 3 and one line where that is not possible here, 1 otherwise. */
import { ensureBuilt } from "./native-build.ts";

try {
  const built = await ensureBuilt();
  if ("path" in built) console.log(built.path);
  else {
    console.error(built.missing);
    process.exitCode = 3;
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
