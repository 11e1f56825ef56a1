/** From what was recorded to a program: slots become numbered cells, frees become what is dead after each command. */
import { Variable } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.ts";
import type { Argument, Cell, HostArray, Program, Signature, Slot } from "./bridge.ts";
import type { Recording } from "./recording.ts";

export interface Trace {
  recording: Recording;
  inputs: readonly Slot[];
  outputs: readonly Slot[];
  /** Where each variable lay before and after. Before, no other tensor had its data. */
  variables: ReadonlyMap<Variable, { before: Slot; after: Slot }>;
}

/** A tensor that the function found: what a variable holds at the time, or the data in a slot. */
export type External = { variable: Variable } | { slot: Slot; generation: number };

export interface Plan {
  program: Program;
  /** One for each external cell. */
  externals: readonly External[];
  /** Variables that the program changes. */
  changed: ReadonlySet<Variable>;
  /** What each command calls. */
  labels: readonly string[];
}

/** Why a recording can not be replayed. */
export class NotReplayable extends Error {}

type Kind = "external" | "input" | "constant" | "local";
const kinds: readonly Kind[] = ["external", "input", "constant", "local"];

interface Value {
  kind: Kind;
  /** Among the values of its kind. */
  index: number;
  /** The last command that mentions it. */
  lastUse: number;
}
type Operand = Argument | Value | readonly Value[];

/** @throws NotReplayable */
export function plan(backend: TorchBackend, trace: Trace): Plan {
  return new Planner(backend, trace).plan();
}

class Planner {
  private readonly backend: TorchBackend;
  private readonly trace: Trace;
  private readonly variableIn: ReadonlyMap<Slot, Variable>;
  private readonly counts: Record<Kind, number> = { external: 0, input: 0, constant: 0, local: 0 };
  /** What each slot holds at the present command. */
  private readonly live = new Map<Slot, Value>();
  /** External values by the slot that they had before. */
  private readonly externals = new Map<Slot, Value>();
  /** Where those come from, in their order. */
  private readonly origins: External[] = [];
  private readonly freed = new Set<Slot>();
  private readonly constants: { values: HostArray; shape: readonly number[] }[] = [];
  private readonly calls: { op: number; operands: Operand[] }[] = [];
  private readonly changed = new Set<Variable>();
  private readonly signatures = new Map<number, Signature>();

  constructor(backend: TorchBackend, trace: Trace) {
    this.backend = backend;
    this.trace = trace;
    this.variableIn = new Map([...trace.variables].map(([variable, { before }]) => [before, variable]));
  }

  plan(): Plan {
    const { recording, inputs } = this.trace;
    if (recording.read) throw new NotReplayable("it reads values of tensors");
    for (const slot of inputs) this.define(slot, "input");
    for (const command of recording.commands) {
      if (command.kind === "call") this.addCall(command.op, command.operands);
      else if (command.kind === "free") this.free(command.slot);
      else {
        this.define(command.slot, "constant");
        this.constants.push({ values: command.values, shape: command.shape });
      }
    }
    const outputs = this.trace.outputs.map((slot) => this.valueIn(slot));
    const assigned = this.assignments();
    this.assertNothingElseStays(new Set([...outputs, ...assigned.map(([, from]) => from)]));
    return {
      program: this.program(outputs, assigned),
      externals: this.origins,
      changed: this.changed,
      labels: this.calls.map(({ op }) => this.signature(op).label),
    };
  }

  private define(slot: Slot, kind: Kind): Value {
    const value = { kind, index: this.counts[kind]++, lastUse: -1 };
    this.live.set(slot, value);
    return value;
  }

  /** What a slot holds. What was not made here came from outside. */
  private valueIn(slot: Slot): Value {
    return this.live.get(slot) ?? this.defineExternal(slot);
  }

  private defineExternal(slot: Slot): Value {
    const value = this.define(slot, "external");
    this.externals.set(slot, value);
    const variable = this.variableIn.get(slot);
    this.origins.push(variable ? { variable } : { slot, generation: this.backend.generationOf(slot) });
    return value;
  }

  private addCall(op: number, operands: readonly Argument[]): void {
    const { results, tensors, lists, written, label } = this.signature(op);
    const resolved: Operand[] = [...operands];
    for (const argument of [...tensors, ...lists]) {
      const operand = operands[results + argument];
      if (written.includes(argument)) for (const slot of slotsOf(operand)) this.write(slot, label);
      if (typeof operand === "number") resolved[results + argument] = this.valueIn(operand);
      else if (Array.isArray(operand))
        resolved[results + argument] = slotsOf(operand).map((slot) => this.valueIn(slot));
    }
    for (let i = 0; i < results; i++) {
      const slot = operands[i] as Slot;
      if (slot >= 0) resolved[i] = this.live.get(slot) ?? this.define(slot, "local");
    }
    for (const value of resolved.flatMap(valuesOf)) value.lastUse = this.calls.length;
    this.calls.push({ op, operands: resolved });
  }

  private write(slot: Slot, label: string): void {
    if (this.valueIn(slot).kind !== "external") return;
    const variable = this.variableIn.get(slot);
    if (!variable) throw new NotReplayable(`${label} writes to a tensor from outside that is no variable`);
    this.changed.add(variable);
  }

  private free(slot: Slot): void {
    if (this.valueIn(slot).kind === "external") this.freed.add(slot);
    this.live.delete(slot);
  }

  /** Variables that have another tensor than before: what they had, and what they have now. */
  private assignments(): [Value, Value][] {
    const pairs: [Value, Value][] = [];
    for (const [variable, { before, after }] of this.trace.variables) {
      const freed = this.freed.delete(before);
      if (before === after && !freed) continue;
      const [to, from] = [this.externals.get(before), this.valueIn(after)];
      if (!to || (!freed && !this.trace.outputs.includes(before)))
        throw new NotReplayable(`it keeps the former value of ${variable.name}`);
      if (from.kind === "external") throw new NotReplayable(`it assigns a tensor from outside to ${variable.name}`);
      this.changed.add(variable);
      pairs.push([to, from]);
    }
    return pairs;
  }

  private assertNothingElseStays(kept: ReadonlySet<Value>): void {
    if (this.freed.size > 0) throw new NotReplayable(`it disposes of ${this.freed.size} tensors from outside`);
    const stray = [...this.live.values()].filter((value) => isMade(value) && !kept.has(value));
    if (stray.length > 0) throw new NotReplayable(`it keeps ${stray.length} tensors that it does not return`);
    for (const value of kept) value.lastUse = Number.POSITIVE_INFINITY;
  }

  private program(outputs: Value[], assigned: [Value, Value][]): Program {
    const first = {} as Record<Kind, number>;
    let cells = 0;
    for (const kind of kinds) {
      first[kind] = cells;
      cells += this.counts[kind];
    }
    const number = ({ kind, index }: Value): Cell => first[kind] + index;
    const commands = this.calls.map(({ op, operands }, i) => ({
      call: [op, ...operands.map((x) => numbered(x, number))],
      dead: [...new Set(operands.flatMap(valuesOf))]
        .filter((x) => x.kind !== "external" && x.lastUse === i)
        .map(number),
    }));
    return {
      cells,
      externals: this.counts.external,
      inputs: this.counts.input,
      constants: this.constants,
      commands,
      assigned: assigned.map(([to, from]) => [number(to), number(from)] as const),
      outputs: outputs.map(number),
    };
  }

  private signature(op: number): Signature {
    let signature = this.signatures.get(op);
    if (!signature) {
      signature = this.backend.bridge.signature(op);
      this.signatures.set(op, signature);
    }
    return signature;
  }
}

const isMade = ({ kind }: Value) => kind === "local" || kind === "constant";

const isValue = (x: unknown): x is Value => typeof x === "object" && x !== null && "kind" in x;
const valuesOf = (x: Operand): Value[] => (isValue(x) ? [x] : Array.isArray(x) ? x.filter(isValue) : []);
const slotsOf = (x: Argument): Slot[] => (typeof x === "number" ? [x] : Array.isArray(x) ? x : []);

const numbered = (x: Operand, number: (value: Value) => Cell): Argument =>
  isValue(x) ? number(x) : Array.isArray(x) ? x.map((item) => (isValue(item) ? number(item) : item)) : (x as Argument);

/** Where two recordings of one function part ways, or undefined where they are the same. */
export function difference(a: Plan, b: Plan): string | undefined {
  const command = firstDifference(a.program.commands, b.program.commands);
  if (command !== undefined) return `command ${command}, ${b.labels[command] ?? "none"}, is another one`;
  const constant = firstDifference(a.program.constants, b.program.constants);
  if (constant !== undefined) return `constant ${constant} of ${b.program.constants.length} has another value`;
  const external = firstDifference(a.externals, b.externals);
  if (external !== undefined) return "it takes another tensor from outside";
  return same(a.program, b.program) ? undefined : "it returns or assigns another tensor";
}

function firstDifference(a: readonly unknown[], b: readonly unknown[]): number | undefined {
  const length = Math.max(a.length, b.length);
  for (let i = 0; i < length; i++) if (!same(a[i], b[i])) return i;
  return undefined;
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (a instanceof Variable || b instanceof Variable) return false;
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b))
    return a.constructor === b.constructor && bytes(a).equals(bytes(b));
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  return keys.length === others.length && keys.every((key) => same(a[key as keyof object], b[key as keyof object]));
}

const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
