import { basename, dirname } from "node:path";
import { isSystemError, UnknownLayout, unreadable } from "../errors.ts";
import { type FileTree, pick } from "./file-tree.ts";
import { folderTree } from "./folder-tree.ts";
import { firstBytes, packingOf } from "./packing.ts";
import { tarTree } from "./tar-tree.ts";
import { zipTree } from "./zip-tree.ts";

/**
 * The files of an archive, told by its bytes; an `.npz` is a file of its own.
 * @throws UnknownLayout where it is none; DatasetError where it cannot be read
 */
export async function openArchive(file: string): Promise<FileTree> {
  const start = await firstBytes(file, 262).catch((error) => {
    throw isSystemError(error) ? unreadable(file, error, "put it back") : error;
  });
  const isZip = Buffer.from(start.subarray(0, 2)).toString("latin1") === "PK";
  if (isZip && /\.npz$/i.test(file)) return pick(folderTree(dirname(file)), [basename(file)], file);
  if (isZip) return zipTree(file);
  const isTar = Buffer.from(start.subarray(257, 262)).toString("latin1") === "ustar";
  if (isTar || (await packingOf(file)) !== null) return tarTree(file);
  if (/\.(zip|tar|tgz|gz|zst|npz)$/i.test(file))
    throw new UnknownLayout("is neither a zip nor a tar archive, whatever its name says", {
      file,
      fix: "fetch it again",
    });
  const other = unread.find(([, signature]) => Buffer.from(start).indexOf(signature) === 0);
  if (other)
    throw new UnknownLayout(`is packed by ${other[0]}, which is not read`, {
      file,
      fix: "pack it as .tar.gz, .tar.zst or .zip, or unpack it",
    });
  throw new UnknownLayout("is no archive", { file, fix: "name a folder, or a zip or tar archive" });
}

/** What people pack by as well, and how it begins. */
const unread: readonly (readonly [string, Buffer])[] = [
  ["xz", Buffer.from("\xfd7zXZ\0", "latin1")],
  ["bzip2", Buffer.from("BZh")],
  ["7-Zip", Buffer.from("7z\xbc\xaf\x27\x1c", "latin1")],
  ["RAR", Buffer.from("Rar!")],
];
