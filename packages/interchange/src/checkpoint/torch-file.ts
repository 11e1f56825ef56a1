import { ByteReader, unpickle } from "@reluctant/pickle";
import { CheckpointError, quoted } from "./errors.ts";
import { isZip, storedEntries } from "./stored-zip.ts";
import type { Storage } from "./tensor.ts";
import { torchMeanings } from "./torch-meanings.ts";

/**
 * What `torch.save` wrote, in its zip form or the legacy one, without running the pickle in it: see `unpickle` for what
 * comes of it. Tensors are `StoredTensor`s over the file's bytes.
 * @throws CheckpointError
 */
export const readTorchFile = (file: Uint8Array): unknown => (isZip(file) ? readZip(file) : readLegacy(file));

/** `<any>/data.pkl` and a file `<any>/data/<key>` for each storage. */
function readZip(file: Uint8Array): unknown {
  const entries = storedEntries(file);
  const pickle = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (!pickle)
    throw new CheckpointError(`not a PyTorch file: an archive of ${someOf([...entries.keys()])}, without a data.pkl`);
  const folder = pickle.slice(0, -"data.pkl".length);
  if (entries.has(`${folder}constants.pkl`))
    throw new CheckpointError("a TorchScript archive, which holds code; save its state_dict() with torch.save instead");
  requireLittleEndian(entries.get(`${folder}byteorder`));
  const meanings = torchMeanings();
  const root = unpickle(new ByteReader(entries.get(pickle) as Uint8Array), meanings);
  for (const storage of meanings.storages.values()) {
    const bytes = entries.get(`${folder}data/${storage.key}`);
    if (!bytes)
      throw new CheckpointError(`storage ${quoted(storage.key)} is missing from the archive; copy the file again`);
    fill(storage, bytes);
  }
  return root;
}

/** PyTorch writes the order since 2.0; before, it was little-endian on all that people had. */
function requireLittleEndian(order: Uint8Array | undefined): void {
  const text = order && Buffer.from(order.subarray(0, 20)).toString("latin1").trim();
  if (text && text !== "little") throw bigEndian();
}

const bigEndian = () => new CheckpointError("written on a big-endian machine; load and save it on a little-endian one");

const legacy = { magic: 0x1950a86a20f9469cfc6cn, protocol: 1001 } as const;

/**
 * Five pickles in a row: a magic number, a version, facts of the system, the value itself, and the storages' keys; then for
 * each key the number of its values (8 bytes) and the values.
 */
function readLegacy(file: Uint8Array): unknown {
  const reader = new ByteReader(file);
  const isPickle = file[0] === 0x80;
  if (!isPickle || unpickle(reader, torchMeanings()) !== legacy.magic)
    throw new CheckpointError("not a PyTorch file: neither the archive that torch.save writes nor its legacy form");
  const version = unpickle(reader, torchMeanings());
  if (version !== legacy.protocol)
    throw new CheckpointError("a legacy PyTorch file of another version than 1001; save it with a newer PyTorch");
  const system = unpickle(reader, torchMeanings());
  if (system instanceof Map && system.get("little_endian") === false) throw bigEndian();
  const meanings = torchMeanings();
  const root = unpickle(reader, meanings);
  const keys = unpickle(reader, torchMeanings());
  if (!Array.isArray(keys)) throw new CheckpointError("the legacy PyTorch file has no list of its storages");
  const unread = new Map(meanings.storages);
  for (const key of keys) {
    const storage = unread.get(key);
    if (!storage) throw new CheckpointError("the legacy PyTorch file lists a storage that no tensor has, or one twice");
    unread.delete(key);
    const length = reader.uint(8);
    if (!storage.dtype)
      throw new CheckpointError(`the file has a ${quoted(storage.type)}, which is not read; save it as float32`);
    fill(storage, reader.take(length * storage.dtype.bytes));
  }
  const [missing] = unread.keys();
  if (missing !== undefined)
    throw new CheckpointError(`storage ${quoted(missing)} is missing from the file; copy it again`);
  return root;
}

function fill(storage: Storage, bytes: Uint8Array): void {
  const { key, dtype, length } = storage;
  if (dtype && bytes.length !== length * dtype.bytes)
    throw new CheckpointError(
      `storage ${quoted(key)} has ${bytes.length} bytes where ${length * dtype.bytes} are due; copy the file again`,
    );
  storage.bytes = bytes;
}

/** Names of a file, for a message. */
const someOf = (names: readonly string[]): string =>
  names.length === 0 ? "nothing" : names.slice(0, 5).map(quoted).join(", ") + (names.length > 5 ? ", …" : "");
