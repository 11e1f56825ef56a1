import { readFile } from "node:fs/promises";
import { type ExperimentSpecInput, experimentSpecSchema, fieldErrors, ReluctantError } from "@reluctant/contracts";
import { parse } from "yaml";

/** Reads and checks a spec in YAML or JSON, so that a typo is named before anything is sent. @throws ReluctantError */
export async function readSpec(path: string): Promise<ExperimentSpecInput> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ReluctantError(
      "invalid-spec",
      `cannot read ${path}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`,
    );
  });
  const written = parseText(path, text);
  const checked = experimentSpecSchema.safeParse(written);
  if (!checked.success)
    throw new ReluctantError("invalid-spec", `${path} is not a valid spec`, fieldErrors(checked.error, "spec"));
  return written as ExperimentSpecInput;
}

function parseText(path: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new ReluctantError("invalid-spec", `${path} is not YAML or JSON: ${(error as Error).message.split("\n")[0]}`);
  }
}
