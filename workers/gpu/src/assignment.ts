import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Assignment, InputName } from "@reluctant/contracts";
import type { ClaimAnswer } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import type { ArtifactCache } from "./artifact-cache.ts";
import { retryUnavailable } from "./retry-unavailable.ts";

export type Claim = Extract<ClaimAnswer, { outcome: "claimed" }>;

export interface AssignmentOptions {
  claim: Claim;
  cache: ArtifactCache;
  /** Instead of the claim's, when given. */
  checkpointSeconds?: number | undefined;
  log: Logger;
}

/** Makes the scratch folder and brings the inputs there, by name, so that the child needs nothing else. */
export async function prepareAssignment(
  { claim, cache, checkpointSeconds, log }: AssignmentOptions,
  scratch: string,
  signal: AbortSignal,
): Promise<Assignment> {
  const { inputs: hashes, resume, ...assignment } = claim.assignment;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(join(scratch, "inputs"), { recursive: true });
  const fetch = async (sha256: string, name: string): Promise<string> => {
    const file = join(scratch, "inputs", name);
    await retryUnavailable(() => cache.fetch(sha256, file, signal), { signal, log });
    return file;
  };
  const inputs: Assignment["inputs"] = {};
  for (const [name, sha256] of Object.entries(hashes)) inputs[name as InputName] = await fetch(sha256, name);
  const resumeFrom = resume && (await fetch(resume.sha256, "resume"));
  return {
    ...assignment,
    scratch,
    inputs,
    resumeFrom,
    checkpointSeconds: checkpointSeconds ?? assignment.checkpointSeconds,
  };
}
