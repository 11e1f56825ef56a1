import type { ByteReader } from "./byte-reader.ts";
import { MalformedError, quoted } from "./errors.ts";
import { argumentReaders, type Effects, opcodes } from "./opcodes.ts";
import { Global, Placeholder } from "./placeholder.ts";

/** What a pickle's names mean: nothing, but for these. */
export interface Meanings {
  /** What a call gives, by the function's or class's `module.name`. Any other call gives a `Placeholder`. */
  readonly calls: ReadonlyMap<string, (args: readonly unknown[]) => unknown>;
  /** What an id stands for that refers to something beside the pickle. */
  persistent(id: unknown): unknown;
}

/** A value that takes a state after it was made. */
interface Buildable {
  build(state: unknown): void;
}

/**
 * Real checkpoints take some ten thousand steps. Each step makes at most one small object: a million empty dicts, the
 * worst of them, took 240 MB.
 */
const limits = { steps: 1 << 20, memo: 1 << 19, stack: 1 << 19, marks: 1 << 12 } as const;

/** Of a class with its module: a long text that the memo repeats would fill memory. */
const longestName = 4096;

/**
 * Follows one pickle (protocols 2 to 5) from the reader's place up to its STOP, and runs none of the code that it names.
 * Gives null, booleans, numbers, bigints, strings and `Uint8Array`s; arrays for lists and tuples, `Map`s for dicts, `Set`s;
 * `Global` and `Placeholder`; and what `meanings` makes. Values may be shared, and may contain themselves.
 * @throws MalformedError for what is damaged, beyond a bound, or of another protocol
 */
export function unpickle(reader: ByteReader, meanings: Meanings): unknown {
  const machine = new Machine(meanings);
  for (let step = 0; step < limits.steps; step++) {
    const at = reader.at;
    const code = reader.uint(1);
    const row = rows[code];
    if (!row)
      throw new MalformedError(
        `byte ${at}: 0x${code.toString(16)} is no opcode of pickle that is read; save with torch.save's defaults`,
      );
    const argument = row.read(reader);
    if (row.isStop) return machine.pop();
    row.effect(machine, argument);
  }
  throw new MalformedError(`the pickle has more than ${limits.steps} steps; save the model's state_dict alone`);
}

/** The stack as Python's own unpickler keeps it: a mark sets the values below it aside. */
class Machine {
  readonly meanings: Meanings;
  readonly memo = new Map<number, unknown>();
  #stack: unknown[] = [];
  readonly #below: unknown[][] = [];

  constructor(meanings: Meanings) {
    this.meanings = meanings;
  }

  push(value: unknown): void {
    if (this.#stack.length >= limits.stack) throw new MalformedError("the pickle's stack grows beyond its bound");
    this.#stack.push(value);
  }

  pop(): unknown {
    if (this.#stack.length === 0) throw new MalformedError("the pickle takes a value that is not there");
    return this.#stack.pop();
  }

  top(): unknown {
    if (this.#stack.length === 0) throw new MalformedError("the pickle uses a value that is not there");
    return this.#stack.at(-1);
  }

  mark(): void {
    if (this.#below.length >= limits.marks) throw new MalformedError("the pickle is nested beyond its bound");
    this.#below.push(this.#stack);
    this.#stack = [];
  }

  /** The values above the last mark, which goes. */
  popMark(): unknown[] {
    const below = this.#below.pop();
    if (!below) throw new MalformedError("the pickle closes what it did not open");
    const values = this.#stack;
    this.#stack = below;
    return values;
  }

  put(index: number): void {
    if (this.memo.size >= limits.memo) throw new MalformedError("the pickle's memo grows beyond its bound");
    this.memo.set(index, this.top());
  }

  get(index: number): void {
    if (!this.memo.has(index)) throw new MalformedError(`the pickle refers to value ${index} before it is there`);
    this.push(this.memo.get(index));
  }

  call(callee: unknown, args: unknown): void {
    if (!Array.isArray(args)) throw new MalformedError("the pickle calls something without a list of arguments");
    if (!(callee instanceof Global || callee instanceof Placeholder))
      throw new MalformedError("the pickle calls what is no function or class");
    const meaning = callee instanceof Global ? this.meanings.calls.get(callee.name) : undefined;
    this.push(meaning ? meaning(args) : new Placeholder(callee.name, args));
  }
}

const effects: Effects<Machine> = {
  PROTO: (_, protocol) => requireProtocol(protocol),
  FRAME: () => {},
  STOP: () => {},
  MARK: (machine) => machine.mark(),
  POP: (machine) => machine.pop(),
  POP_MARK: (machine) => machine.popMark(),
  DUP: (machine) => machine.push(machine.top()),

  NONE: (machine) => machine.push(null),
  NEWTRUE: (machine) => machine.push(true),
  NEWFALSE: (machine) => machine.push(false),
  BININT: (machine, value) => machine.push(value),
  BININT1: (machine, value) => machine.push(value),
  BININT2: (machine, value) => machine.push(value),
  LONG1: (machine, value) => machine.push(value),
  LONG4: (machine, value) => machine.push(value),
  BINFLOAT: (machine, value) => machine.push(value),
  BINSTRING: (machine, value) => machine.push(value),
  SHORT_BINSTRING: (machine, value) => machine.push(value),
  BINUNICODE: (machine, value) => machine.push(value),
  SHORT_BINUNICODE: (machine, value) => machine.push(value),
  BINUNICODE8: (machine, value) => machine.push(value),
  BINBYTES: (machine, value) => machine.push(value),
  SHORT_BINBYTES: (machine, value) => machine.push(value),
  BINBYTES8: (machine, value) => machine.push(value),
  BYTEARRAY8: (machine, value) => machine.push(value),

  EMPTY_LIST: (machine) => machine.push([]),
  APPEND: (machine) => {
    const item = machine.pop();
    append(machine.top(), [item]);
  },
  APPENDS: (machine) => {
    const items = machine.popMark();
    append(machine.top(), items);
  },
  LIST: (machine) => machine.push(machine.popMark()),
  EMPTY_TUPLE: (machine) => machine.push([]),
  TUPLE: (machine) => machine.push(machine.popMark()),
  TUPLE1: (machine) => machine.push([machine.pop()]),
  TUPLE2: (machine) => machine.push([machine.pop(), machine.pop()].reverse()),
  TUPLE3: (machine) => machine.push([machine.pop(), machine.pop(), machine.pop()].reverse()),
  EMPTY_DICT: (machine) => machine.push(new Map()),
  DICT: (machine) => {
    const dict = new Map();
    setItems(dict, machine.popMark());
    machine.push(dict);
  },
  SETITEM: (machine) => {
    const pair = [machine.pop(), machine.pop()].reverse();
    setItems(machine.top(), pair);
  },
  SETITEMS: (machine) => {
    const flat = machine.popMark();
    setItems(machine.top(), flat);
  },
  EMPTY_SET: (machine) => machine.push(new Set()),
  ADDITEMS: (machine) => {
    const items = machine.popMark();
    const set = machine.top();
    if (set instanceof Set) for (const item of items) set.add(item);
    else append(set, items);
  },
  FROZENSET: (machine) => machine.push(new Set(machine.popMark())),

  BINPUT: (machine, index) => machine.put(index),
  LONG_BINPUT: (machine, index) => machine.put(index),
  MEMOIZE: (machine) => machine.put(machine.memo.size),
  BINGET: (machine, index) => machine.get(index),
  LONG_BINGET: (machine, index) => machine.get(index),

  GLOBAL: (machine, [module, name]) => machine.push(new Global(`${module}.${name}`)),
  STACK_GLOBAL: (machine) => {
    const [name, module] = [machine.pop(), machine.pop()];
    if (typeof name !== "string" || typeof module !== "string")
      throw new MalformedError("the pickle names a class by something else than text");
    if (name.length + module.length > longestName)
      throw new MalformedError("the pickle names a class by too long a text");
    machine.push(new Global(`${module}.${name}`));
  },
  REDUCE: (machine) => {
    const args = machine.pop();
    machine.call(machine.pop(), args);
  },
  NEWOBJ: (machine) => {
    const args = machine.pop();
    machine.call(machine.pop(), args);
  },
  NEWOBJ_EX: (machine) => {
    const keywords = machine.pop();
    const args = machine.pop();
    machine.call(machine.pop(), keywords instanceof Map && keywords.size > 0 ? [args, keywords] : args);
  },
  BUILD: (machine) => {
    const state = machine.pop();
    build(machine.top(), state);
  },
  BINPERSID: (machine) => machine.push(machine.meanings.persistent(machine.pop())),
};

/** By opcode. */
const rows = opcodes.reduce<
  (
    | { read(reader: ByteReader): unknown; effect(machine: Machine, argument: unknown): void; isStop: boolean }
    | undefined
  )[]
>((table, [code, name, argument]) => {
  const effect = effects[name] as (machine: Machine, argument: unknown) => void;
  table[code] = { read: argumentReaders[argument], effect, isStop: name === "STOP" };
  return table;
}, []);

function requireProtocol(protocol: number): void {
  if (protocol < 2 || protocol > 5)
    throw new MalformedError(`the pickle is of protocol ${protocol}; 2 to 5 are read: save with torch.save's defaults`);
}

function append(target: unknown, items: readonly unknown[]): void {
  const list = target instanceof Placeholder ? target.items : target;
  if (!Array.isArray(list)) throw new MalformedError("the pickle appends to what is no list");
  for (const item of items) list.push(item);
}

/** @param flat key, value, key, value … */
function setItems(target: unknown, flat: readonly unknown[]): void {
  const dict = target instanceof Placeholder ? target.entries : target;
  if (!(dict instanceof Map) || flat.length % 2 !== 0)
    throw new MalformedError("the pickle sets items of what is no dict");
  for (let i = 0; i < flat.length; i += 2) {
    const key = flat[i];
    if (dict.has(key)) throw new MalformedError(`the pickle has the key ${keyName(key)} twice in one dict`);
    dict.set(key, flat[i + 1]);
  }
}

/** A tuple that holds a tuple twice, and so on, would fill all memory as text. */
const keyName = (key: unknown): string =>
  typeof key === "string" ? quoted(key) : typeof key === "number" ? String(key) : `of type ${typeof key}`;

/** A dict's state are attributes beside its items, as `_metadata` of a state dict: they say nothing of the tensors. */
function build(target: unknown, state: unknown): void {
  if (target instanceof Map) return;
  if (!isBuildable(target)) throw new MalformedError("the pickle gives a state to what takes none");
  target.build(state);
}

const isBuildable = (value: unknown): value is Buildable =>
  typeof value === "object" && value !== null && "build" in value && typeof value.build === "function";
