import { Placeholder } from "@reluctant/pickle";
import type { HostTensor } from "@reluctant/stages";
import { CheckpointError, quoted } from "./errors.ts";
import { isModule, stateDictOf } from "./module-state.ts";
import { readTensor, Storage, StoredTensor } from "./tensor.ts";

/** A state dict that was found in a checkpoint: its tensors, in the order of the file, not read yet. */
export interface FoundStateDict {
  /** Where it lay, as `checkpoint.model`; empty for the file itself. */
  path: string;
  tensors: ReadonlyMap<string, StoredTensor>;
}

/**
 * Finds the one state dict of a checkpoint, at any depth of dicts and as a pickled module too, whatever else training left
 * beside it.
 * @param at its path, where there are several
 * @throws CheckpointError that lists what was found, where there is none or more than one
 */
export function findStateDict(root: unknown, { at }: { at?: string | undefined } = {}): FoundStateDict {
  const candidates = candidatesIn(root);
  const chosen = at === undefined ? candidates : candidates.filter(({ path }) => path === at);
  const [only, ...others] = chosen;
  if (only && others.length === 0) return { path: only.path, tensors: tensorsOf(only) };
  const found = listed(candidates.map((candidate) => `${nameOf(candidate.path)} (${countOf(candidate)} tensors)`));
  if (only)
    throw new CheckpointError(`the file holds several state dicts: ${found}; name one of them with --state-dict`);
  if (found) throw new CheckpointError(`there is no state dict at ${quoted(at ?? "")}; the file has ${found}`);
  throw new CheckpointError(`the file holds no state dict; it is ${described(root)}. Save model.state_dict()`);
}

/** Reads what was found. @throws CheckpointError where tensors share the file's bytes more often than networks do */
export function readTensors(tensors: ReadonlyMap<string, StoredTensor>): Map<string, HostTensor> {
  requireBounded(tensors);
  return new Map([...tensors].map(([name, tensor]) => [name, readTensor(name, tensor)]));
}

interface Candidate {
  path: string;
  entries: ReadonlyMap<unknown, unknown>;
}

const deepest = 6;
const mostVisited = 10_000;

/** Dicts by text with a tensor of two or more axes, as no network lacks one; what lies inside such a dict is part of it. */
function candidatesIn(root: unknown): Candidate[] {
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string, depth: number): Candidate[] => {
    if (depth > deepest || seen.size > mostVisited || seen.has(value)) return [];
    seen.add(value);
    if (isModule(value)) return [{ path, entries: stateDictOf(value) }];
    if (!(value instanceof Map)) return [];
    if ([...value].some(isWeight)) return [{ path, entries: value }];
    return [...value].flatMap(([key, inner]) =>
      typeof key === "string" ? visit(inner, path ? `${path}.${key}` : key, depth + 1) : [],
    );
  };
  return visit(root, "", 0);
}

const isWeight = ([key, value]: readonly [unknown, unknown]): boolean =>
  typeof key === "string" && value instanceof StoredTensor && value.shape.length >= 2;

/** What is no tensor is passed over, unless a tensor lies in it: leaving that out would be a guess. */
function tensorsOf({ entries, path }: Candidate): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  const seen = new Set<unknown>();
  for (const [name, value] of entries) {
    if (typeof name !== "string") continue;
    if (value instanceof StoredTensor) tensors.set(name, value);
    else if (value instanceof Placeholder && holdsTensor(value, seen))
      throw new CheckpointError(
        `tensor ${quoted(name)} of ${nameOf(path)} was made by ${quoted(value.name)}, which is not read; save it as a plain tensor`,
      );
  }
  return tensors;
}

/** @param seen what was looked through already, and holds none */
function holdsTensor(placeholder: Placeholder, seen: Set<unknown>): boolean {
  const unseen: unknown[] = [placeholder];
  while (unseen.length > 0) {
    const value = unseen.pop();
    if (value instanceof StoredTensor || value instanceof Storage) return true;
    if (value instanceof Placeholder && makesTensors.test(value.name)) return true;
    for (const part of partsOf(value)) {
      if (typeof part !== "object" || part === null || seen.has(part)) continue;
      seen.add(part);
      unseen.push(part);
    }
  }
  return false;
}

/** Functions of PyTorch that make a tensor or what it lies in. */
const makesTensors = /^torch\..*(_rebuild_|storage)/i;

function partsOf(value: unknown): Iterable<unknown> {
  if (value instanceof Placeholder) return [value.args, value.state, value.items, value.entries];
  if (value instanceof Map) return value.values();
  return Array.isArray(value) ? value : [];
}

/** Tied weights appear twice or so; many tensors over one storage would fill memory from a small file. */
function requireBounded(tensors: ReadonlyMap<string, StoredTensor>): void {
  const storages = new Set([...tensors.values()].map(({ storage }) => storage));
  const stored = [...storages].reduce((sum, { length }) => sum + length, 0);
  const read = [...tensors.values()].reduce((sum, { size, offset, end }) => sum + Math.max(size, end - offset), 0);
  if (read > mostShares * stored)
    throw new CheckpointError(
      `the tensors take ${read} values of ${stored} stored ones, more than ${mostShares} times as many; clone each before saving`,
    );
}

const mostShares = 4;

const countOf = ({ entries }: Candidate): number =>
  [...entries.values()].filter((value) => value instanceof StoredTensor).length;
const nameOf = (path: string): string => (path ? quoted(path) : "the file itself");

/** A value in a few words, for someone who looks for a state dict in it. */
function described(value: unknown): string {
  if (value instanceof Map) {
    const entries = [...value].map(([key, inner]) => `${keyText(key)}: ${kindOf(inner)}`);
    return `a dict of ${value.size} (${listed(entries)})`;
  }
  return kindOf(value);
}

const listed = (parts: readonly string[]): string =>
  parts.slice(0, mostListed).join(", ") + (parts.length > mostListed ? ", …" : "");

const mostListed = 12;
const keyText = (key: unknown): string => (typeof key === "string" ? quoted(key) : `a ${typeof key}`);

function kindOf(value: unknown): string {
  if (value === null) return "None";
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (value instanceof Placeholder) return `an object of ${quoted(value.name)}`;
  if (value instanceof StoredTensor) return `a tensor [${value.shape}]`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return value instanceof Uint8Array ? "bytes" : `a ${typeof value}`;
}
