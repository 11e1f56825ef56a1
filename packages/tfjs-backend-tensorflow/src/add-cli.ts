#!/usr/bin/env node
/** `tfjs-backend-tensorflow-add`: exit 0 and the folder, 3 and one line when something is not installed, 1 otherwise. */
import { addTensorflow } from "./add.ts";

try {
  const result = await addTensorflow();
  if ("missing" in result) {
    console.error(result.missing);
    process.exitCode = 3;
  } else {
    console.log(result.folder);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
