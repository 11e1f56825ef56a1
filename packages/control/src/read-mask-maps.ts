import type { ByteRange } from "@reluctant/artifacts";
import { type MaskMaps, ReluctantError } from "@reluctant/contracts";
import { readMaskMaps as readFile } from "@reluctant/stages";
import { found } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { mayReadArtifact } from "./may-read-artifact.ts";

/** Where the masks of an artifact keep their ReLUs. */
export async function readMaskMaps(
  deps: Deps,
  { identity, sha256 }: { identity: Caller; sha256: string },
): Promise<MaskMaps> {
  const readable = (await mayReadArtifact(deps, { identity, sha256 })) ? await deps.artifacts.get(sha256) : null;
  const { bytes } = found(readable, "artifact", sha256);
  let outage: unknown;
  const read = (start: number, end: number) =>
    readRange(deps, sha256, { start, end }).catch((error) => {
      outage = error;
      throw error;
    });
  try {
    return await readFile({ bytes, read });
  } catch (error) {
    if (error === outage) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ReluctantError("not-found", `there are no mask maps of artifact ${sha256}, which is no masks: ${why}`, [
      { field: "sha256", message: "must name the masks of a mask search or a distillation" },
    ]);
  }
}

async function readRange({ artifacts }: Deps, sha256: string, range: ByteRange): Promise<Uint8Array> {
  const { body } = found(await artifacts.get(sha256, range), "artifact", sha256);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
