import { Global, type Meanings, numpyScalars, Placeholder } from "@reluctant/pickle";
import { storageTypes } from "./dtypes.ts";
import { CheckpointError } from "./errors.ts";
import { Storage, StoredTensor } from "./tensor.ts";

/** What the pickle of a checkpoint may mean, and the storages that it names, by their keys. */
export interface TorchMeanings extends Meanings {
  readonly storages: ReadonlyMap<string, Storage>;
}

/**
 * All that a PyTorch file can make here: tensors and parameters over storages, ordered dicts, NumPy's scalars. Whether it
 * was on a GPU, needs gradients or has hooks is passed over.
 */
export function torchMeanings(): TorchMeanings {
  const storages = new Map<string, Storage>();
  const calls = new Map<string, (args: readonly unknown[]) => unknown>([
    ["torch._utils._rebuild_tensor_v2", rebuildTensor],
    ["torch._utils._rebuild_parameter", ([tensor]) => tensor],
    ["collections.OrderedDict", orderedDicts()],
    ...numpyScalars,
  ]);
  return { calls, storages, persistent: (id) => refersTo(id, storages) };
}

function rebuildTensor(args: readonly unknown[]): unknown {
  const [storage, offset, shape, strides] = args;
  if (storage instanceof Placeholder) return new Placeholder(storage.name, args);
  if (!(storage instanceof Storage)) throw new CheckpointError("a tensor of the pickle has no storage");
  return new StoredTensor(storage, offset, shape, strides);
}

/** Makes the ordered dicts of one file. Python 2 gave its pairs to the call: one list, given often, must not fill memory. */
function orderedDicts(): (args: readonly unknown[]) => Map<unknown, unknown> {
  let given = 0;
  return ([pairs = []]) => {
    if (!Array.isArray(pairs)) throw new CheckpointError("an OrderedDict of the pickle is made of no list");
    given += pairs.length;
    if (given > mostPairs) throw new CheckpointError(`the pickle's OrderedDicts have more than ${mostPairs} pairs`);
    if (!pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
      throw new CheckpointError("an OrderedDict of the pickle is made of something else than pairs");
    const dict = new Map<unknown, unknown>(pairs);
    if (dict.size !== pairs.length) throw new CheckpointError("an OrderedDict of the pickle has a key twice");
    return dict;
  };
}

const mostPairs = 1 << 18;

/** `("storage", type, key, location, length)`; legacy files add a view, and refer to a module's source in the same way. */
function refersTo(id: unknown, storages: Map<string, Storage>): unknown {
  if (!Array.isArray(id))
    throw new CheckpointError("the pickle refers outside itself by something else than PyTorch does");
  const [kind, type, key, , length, view] = id;
  if (kind === "module" && type instanceof Global) return type;
  const isStorage = kind === "storage" && type instanceof Global && typeof key === "string" && isLength(length);
  if (!isStorage) return new Placeholder("persistent id", id);
  if (view)
    throw new CheckpointError(
      "a storage is a view of another, as PyTorch before 0.4 wrote it; save it with a newer one",
    );
  const known = storages.get(key);
  if (known && (known.type !== type.name || known.length !== length))
    throw new CheckpointError(`the pickle describes storage ${JSON.stringify(key.slice(0, 40))} in two ways`);
  const storage = known ?? new Storage(key, type.name, storageTypes.get(type.name), length);
  storages.set(key, storage);
  return storage;
}

const isLength = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
