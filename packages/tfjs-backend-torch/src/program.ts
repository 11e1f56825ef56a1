/** From what was recorded to a program: slots become cells, frees become what is dead after each command. */
import { Variable } from "@tensorflow/tfjs-core";
import type { TorchBackend } from "./backend.ts";
import type { Argument, Cell, HostArray, Program, Signature, Slot } from "./bridge.ts";
import type { Recording } from "./recording.ts";

export interface Traced {
  recording: Recording;
  inputs: readonly Slot[];
  outputs: readonly Slot[];
  /** Where each variable lay before and after. Before, no other tensor had its data. */
  variables: ReadonlyMap<Variable, { before: Slot; after: Slot }>;
}

/** A tensor that the function found: what a variable holds at the time, or the data in a slot. */
export type Outside = { variable: Variable } | { slot: Slot; generation: number };

export interface Plan {
  program: Program;
  /** One for each outside cell. */
  outside: readonly Outside[];
  /** Variables that the program changes. */
  changed: ReadonlySet<Variable>;
  /** What each command calls. */
  labels: readonly string[];
}

/** Why a recording can not be replayed. */
export class NotReplayable extends Error {}

type Kind = "outside" | "input" | "constant" | "local";
const kinds: readonly Kind[] = ["outside", "input", "constant", "local"];

interface Named {
  kind: Kind;
  /** Place among the cells of its kind. */
  place: number;
  /** The last command that mentions it. */
  last: number;
}
type Operand = Argument | Named | readonly Named[];

/** @throws NotReplayable */
export function plan(backend: TorchBackend, traced: Traced): Plan {
  return new Planner(backend, traced).plan();
}

class Planner {
  private readonly backend: TorchBackend;
  private readonly traced: Traced;
  private readonly variableIn: ReadonlyMap<Slot, Variable>;
  private readonly counts: Record<Kind, number> = { outside: 0, input: 0, constant: 0, local: 0 };
  /** What each slot holds at the present command. */
  private readonly held = new Map<Slot, Named>();
  /** Outside cells by the slot that they had before. */
  private readonly lent = new Map<Slot, Named>();
  private readonly freed = new Set<Slot>();
  private readonly outside: Outside[] = [];
  private readonly constants: { values: HostArray; shape: readonly number[] }[] = [];
  private readonly calls: { op: number; operands: Operand[] }[] = [];
  private readonly changed = new Set<Variable>();
  private readonly signatures = new Map<number, Signature>();

  constructor(backend: TorchBackend, traced: Traced) {
    this.backend = backend;
    this.traced = traced;
    this.variableIn = new Map([...traced.variables].map(([variable, { before }]) => [before, variable]));
  }

  plan(): Plan {
    const { recording, inputs } = this.traced;
    if (recording.read) throw new NotReplayable("it reads values of tensors");
    for (const slot of inputs) this.hold(slot, "input");
    for (const command of recording.commands) {
      if (command.kind === "call") this.addCall(command.op, command.operands);
      else if (command.kind === "free") this.free(command.slot);
      else {
        this.hold(command.slot, "constant");
        this.constants.push({ values: command.values, shape: command.shape });
      }
    }
    const outputs = this.traced.outputs.map((slot) => this.at(slot));
    const assigned = this.assignments();
    this.assertNothingElseStays(new Set([...outputs, ...assigned.map(([, from]) => from)]));
    return {
      program: this.program(outputs, assigned),
      outside: this.outside,
      changed: this.changed,
      labels: this.calls.map(({ op }) => this.signature(op).label),
    };
  }

  private hold(slot: Slot, kind: Kind): Named {
    const cell = { kind, place: this.counts[kind]++, last: -1 };
    this.held.set(slot, cell);
    return cell;
  }

  /** What a slot holds. What was not made here came from outside. */
  private at(slot: Slot): Named {
    return this.held.get(slot) ?? this.lend(slot);
  }

  private lend(slot: Slot): Named {
    const cell = this.hold(slot, "outside");
    this.lent.set(slot, cell);
    const variable = this.variableIn.get(slot);
    this.outside.push(variable ? { variable } : { slot, generation: this.backend.generationOf(slot) });
    return cell;
  }

  private addCall(op: number, operands: readonly Argument[]): void {
    const { results, tensors, lists, written, label } = this.signature(op);
    const named: Operand[] = [...operands];
    for (const argument of [...tensors, ...lists]) {
      const operand = operands[results + argument];
      if (written.includes(argument)) for (const slot of slotsOf(operand)) this.write(slot, label);
      if (typeof operand === "number") named[results + argument] = this.at(operand);
      else if (Array.isArray(operand)) named[results + argument] = slotsOf(operand).map((slot) => this.at(slot));
    }
    for (let i = 0; i < results; i++) {
      const slot = operands[i] as Slot;
      if (slot >= 0) named[i] = this.held.get(slot) ?? this.hold(slot, "local");
    }
    for (const cell of named.flatMap(cellsOf)) cell.last = this.calls.length;
    this.calls.push({ op, operands: named });
  }

  private write(slot: Slot, label: string): void {
    if (this.at(slot).kind !== "outside") return;
    const variable = this.variableIn.get(slot);
    if (!variable) throw new NotReplayable(`${label} writes to a tensor from outside that is no variable`);
    this.changed.add(variable);
  }

  private free(slot: Slot): void {
    if (this.at(slot).kind === "outside") this.freed.add(slot);
    this.held.delete(slot);
  }

  /** Variables that have another tensor than before: what they lent, and what they have now. */
  private assignments(): [Named, Named][] {
    const pairs: [Named, Named][] = [];
    for (const [variable, { before, after }] of this.traced.variables) {
      const freed = this.freed.delete(before);
      if (before === after && !freed) continue;
      const [to, from] = [this.lent.get(before), this.at(after)];
      if (!to || (!freed && !this.traced.outputs.includes(before)))
        throw new NotReplayable(`it keeps the former value of ${variable.name}`);
      if (from.kind === "outside") throw new NotReplayable(`it assigns a tensor from outside to ${variable.name}`);
      this.changed.add(variable);
      pairs.push([to, from]);
    }
    return pairs;
  }

  private assertNothingElseStays(kept: ReadonlySet<Named>): void {
    if (this.freed.size > 0) throw new NotReplayable(`it disposes of ${this.freed.size} tensors from outside`);
    const stray = [...this.held.values()].filter((cell) => isMade(cell) && !kept.has(cell));
    if (stray.length > 0) throw new NotReplayable(`it keeps ${stray.length} tensors that it does not return`);
    for (const cell of kept) cell.last = Number.POSITIVE_INFINITY;
  }

  private program(outputs: Named[], assigned: [Named, Named][]): Program {
    const first = {} as Record<Kind, number>;
    let cells = 0;
    for (const kind of kinds) {
      first[kind] = cells;
      cells += this.counts[kind];
    }
    const number = ({ kind, place }: Named): Cell => first[kind] + place;
    const commands = this.calls.map(({ op, operands }, i) => ({
      call: [op, ...operands.map((x) => numbered(x, number))],
      dead: [...new Set(operands.flatMap(cellsOf))].filter((x) => x.kind !== "outside" && x.last === i).map(number),
    }));
    return {
      cells,
      outside: this.counts.outside,
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

const isMade = ({ kind }: Named) => kind === "local" || kind === "constant";

const isCell = (x: unknown): x is Named => typeof x === "object" && x !== null && "kind" in x;
const cellsOf = (x: Operand): Named[] => (isCell(x) ? [x] : Array.isArray(x) ? x.filter(isCell) : []);
const slotsOf = (x: Argument): Slot[] => (typeof x === "number" ? [x] : Array.isArray(x) ? x : []);

const numbered = (x: Operand, number: (cell: Named) => Cell): Argument =>
  isCell(x) ? number(x) : Array.isArray(x) ? x.map((item) => (isCell(item) ? number(item) : item)) : (x as Argument);

/** Where two recordings of one function part ways, or undefined where they are the same. */
export function difference(a: Plan, b: Plan): string | undefined {
  const command = firstDifference(a.program.commands, b.program.commands);
  if (command !== undefined) return `command ${command}, ${b.labels[command] ?? "none"}, is another one`;
  const constant = firstDifference(a.program.constants, b.program.constants);
  if (constant !== undefined) return `constant ${constant} of ${b.program.constants.length} has another value`;
  const outside = firstDifference(a.outside, b.outside);
  if (outside !== undefined) return "it takes another tensor from outside";
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
