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
  const { artifacts } = deps;
  const readable = (await mayReadArtifact(deps, { identity, sha256 })) ? await artifacts.get(sha256) : null;
  const { bytes } = found(readable, "artifact", sha256);
  const read = async (start: number, end: number) => {
    const part = found(await artifacts.get(sha256, { start, end }), "artifact", sha256);
    const pieces: Uint8Array[] = [];
    for await (const piece of part.body) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  try {
    return await readFile({ bytes, read });
  } catch (error) {
    if (error instanceof ReluctantError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new ReluctantError("invalid-request", `artifact ${sha256} is no masks: ${why}`, [
      { field: "sha256", message: "must name the masks of a mask search or a distillation" },
    ]);
  }
}
