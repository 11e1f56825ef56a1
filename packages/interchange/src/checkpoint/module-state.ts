import { Placeholder } from "@reluctant/pickle";
import { CheckpointError, quoted } from "./errors.ts";

/** A pickled `torch.nn.Module`, whatever its class: what it holds by name. */
interface ModuleState {
  parameters: Map<unknown, unknown>;
  buffers: Map<unknown, unknown>;
  modules: Map<unknown, unknown>;
  /** Names of buffers that its state_dict leaves out. */
  left: ReadonlySet<unknown>;
}

/** ResNet-152 has 932 entries; a module that holds one module twice at every level would have 2^depth. */
const limits = { entries: 100_000, depth: 100, name: 4096, left: 1000 } as const;

export const isModule = (value: unknown): value is Placeholder => moduleState(value) !== undefined;

/**
 * The entries of a pickled module's `state_dict()`, in its order: own parameters and buffers, then those of the modules in
 * it. The values are what the pickle holds, tensors or not; those that are None are left out.
 * @throws CheckpointError for modules that contain themselves
 */
export function stateDictOf(module: Placeholder): Map<string, unknown> {
  const entries = new Map<string, unknown>();
  let visited = 0;
  const visit = (value: unknown, prefix: string, depth: number): void => {
    const state = moduleState(value);
    if (!state) return;
    visited += 1 + state.parameters.size + state.buffers.size + state.modules.size;
    if (visited > limits.entries || depth > limits.depth) throw beyondBounds(module);
    const named = (name: string): string => {
      if (prefix.length + name.length > limits.name) throw beyondBounds(module);
      return prefix + name;
    };
    const own = [...state.parameters, ...[...state.buffers].filter(([name]) => !state.left.has(name))];
    for (const [name, entry] of own) if (typeof name === "string" && entry !== null) entries.set(named(name), entry);
    for (const [name, inner] of state.modules) if (typeof name === "string") visit(inner, `${named(name)}.`, depth + 1);
  };
  visit(module, "", 0);
  return entries;
}

const beyondBounds = ({ name }: Placeholder) =>
  new CheckpointError(`the pickled module ${quoted(name)} contains itself or too much; save its state_dict() instead`);

function moduleState(value: unknown): ModuleState | undefined {
  if (!(value instanceof Placeholder) || !(value.state instanceof Map)) return undefined;
  const { state } = value;
  const [parameters, buffers, modules] = [state.get("_parameters"), state.get("_buffers"), state.get("_modules")];
  if (!(parameters instanceof Map && buffers instanceof Map && modules instanceof Map)) return undefined;
  return { parameters, buffers, modules, left: membersOf(state.get("_non_persistent_buffers_set")) };
}

/** A set is an opcode of protocol 4, and in protocol 2 the call of a class that we give no meaning. */
function membersOf(set: unknown): ReadonlySet<unknown> {
  if (set instanceof Set) return set;
  const [members] = set instanceof Placeholder ? set.args : [];
  return new Set(Array.isArray(members) ? members.slice(0, limits.left) : []);
}
