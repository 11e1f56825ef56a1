import { CheckpointError, quoted } from "./errors.ts";
import { isSafetensors, readForeignSafetensors } from "./safetensors-file.ts";
import type { StoredTensor } from "./tensor.ts";

const mostShards = 1_000;

/** The index of a network in several files: JSON that names the file of each tensor. A length of safetensors may begin so, too. */
export const isShardIndex = (file: Uint8Array): boolean => file[0] === 0x7b && !isSafetensors(file);

/** Names of the files that an index sends its reader to. @throws CheckpointError for one outside of the index's folder */
export const shardNames = (index: Uint8Array): string[] => [...new Set(mapOf(index).values())];

/** The tensors of all files of an index. @throws CheckpointError naming the tensor and file */
export function readShards(index: Uint8Array, shards: ReadonlyMap<string, Uint8Array>): Map<string, StoredTensor> {
  const placed = mapOf(index);
  const read = new Map([...shards].map(([name, bytes]) => [name, readForeignSafetensors(bytes).tensors]));
  for (const [file, tensors] of read)
    for (const name of tensors.keys())
      if (placed.get(name) !== file)
        throw new CheckpointError(`${quoted(file)} has tensor ${quoted(name)}, which the index does not place there`);
  return new Map(
    [...placed].map(([name, file]) => {
      const tensor = read.get(file)?.get(name);
      if (!tensor) throw new CheckpointError(`tensor ${quoted(name)} is missing from ${quoted(file)}; copy it again`);
      return [name, tensor];
    }),
  );
}

function mapOf(index: Uint8Array): Map<string, string> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(index));
  } catch {
    throw new CheckpointError("the index is no JSON; copy it again");
  }
  const map = typeof json === "object" && json !== null && "weight_map" in json ? json.weight_map : null;
  if (typeof map !== "object" || map === null || Object.keys(map).length === 0)
    throw new CheckpointError("the index has no weight_map, which names the file of each tensor");
  const entries = Object.entries(map).map(([name, file]): [string, string] => {
    if (typeof file === "string" && isPlainName(file)) return [name, file];
    throw new CheckpointError(
      `the index places tensor ${quoted(name)} in ${quoted(String(file))}; name a file beside the index`,
    );
  });
  if (new Set(entries.map(([, file]) => file)).size > mostShards)
    throw new CheckpointError(`the index names more than ${mostShards} files`);
  return new Map(entries);
}

/** Of a file in the folder itself. */
const isPlainName = (name: string): boolean => /^[^/\\\0]{1,255}$/.test(name) && name !== "." && name !== "..";
