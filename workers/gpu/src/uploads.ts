import { createReadStream } from "node:fs";
import { realpath, rm } from "node:fs/promises";
import { sep } from "node:path";
import type { ArtifactStore } from "@reluctant/artifacts";
import type { ArtifactRef, FromChild } from "@reluctant/contracts";
import { AttemptFailure } from "./attempt-failure.ts";

type WrittenFile = Extract<FromChild, { type: "checkpoint" }>["file"];

export interface Upload {
  artifacts: ArtifactStore;
  attemptId: string;
  /** The only folder that the child may name files in. */
  scratch: string;
  file: WrittenFile;
}

/**
 * Stores a file that the child wrote, held for the attempt until a row refers to it.
 * @throws AttemptFailure when the file is not in the scratch folder
 */
export async function upload({ artifacts, attemptId, scratch, file }: Upload): Promise<ArtifactRef> {
  const path = await realpath(file.path).catch(() => null);
  if (!path?.startsWith((await realpath(scratch)) + sep)) {
    throw new AttemptFailure(
      "internal",
      `the training process named ${file.path}, which is no file of its scratch folder`,
    );
  }
  const stored = await artifacts.put({
    attemptId,
    mediaType: file.mediaType,
    bytes: createReadStream(path, { highWaterMark: 2 ** 20 }),
  });
  return { role: file.role, variant: file.variant, mediaType: file.mediaType, ...stored };
}

export const discard = (file: WrittenFile): Promise<void> => rm(file.path, { force: true });
