import { type ExperimentSpecInput, fieldErrors, ReluctantError } from "@reluctant/contracts";
import { experimentSpecSchema } from "@reluctant/stages/definitions";
import { readYaml } from "./yaml-file.ts";

/** Reads and checks a spec in YAML or JSON, so that a typo is named before anything is sent. @throws ReluctantError */
export async function readSpec(path: string): Promise<ExperimentSpecInput> {
  const written = await readYaml(path);
  const checked = experimentSpecSchema.safeParse(written);
  if (!checked.success)
    throw new ReluctantError("invalid-spec", `${path} is not a valid spec`, fieldErrors(checked.error, "spec"));
  return written as ExperimentSpecInput;
}
