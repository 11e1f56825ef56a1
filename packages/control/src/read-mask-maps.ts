import type { ByteRange } from "@reluctant/artifacts";
import { type MaskMaps, ReluctantError } from "@reluctant/contracts";
import { type RemoteFile, readMaskMaps as readFile } from "@reluctant/stages";
import { found } from "./authorize.ts";
import type { Caller, Deps } from "./deps.ts";
import { mayReadArtifact } from "./may-read-artifact.ts";

/** Where the masks of an artifact keep their ReLUs. */
export async function readMaskMaps(
  deps: Deps,
  { identity, sha256 }: { identity: Caller; sha256: string },
): Promise<MaskMaps> {
  found((await mayReadArtifact(deps, { identity, sha256 })) || null, "artifact", sha256);
  const file = await openArtifact(deps, sha256);
  let outage: unknown;
  const read: RemoteFile["read"] = (start, end) =>
    file.read(start, end).catch((error) => {
      outage = error;
      throw error;
    });
  try {
    return await readFile({ ...file, read });
  } catch (error) {
    if (error === outage) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ReluctantError("not-found", `there are no mask maps of artifact ${sha256}, which is no masks: ${why}`, [
      { field: "sha256", message: "must name the masks of a mask search or a distillation" },
    ]);
  }
}

/** A stored artifact, to be read in parts. */
export async function openArtifact(deps: Deps, sha256: string): Promise<RemoteFile> {
  const { bytes } = found(await deps.artifacts.get(sha256), "artifact", sha256);
  return { bytes, read: (start, end) => readRange(deps, sha256, { start, end }) };
}

async function readRange({ artifacts }: Deps, sha256: string, range: ByteRange): Promise<Uint8Array> {
  const { body } = found(await artifacts.get(sha256, range), "artifact", sha256);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
