/**
 * A function in ordinary TensorFlow.js, such as a training step, that is run by one native call once it is known.
 *
 * The first two runs call the function and record what it asks of libtorch. Where the two records agree, further runs
 * replay them: no JavaScript but the upload of the inputs, memory given back after its last use, and everything on the
 * engine thread when there is one. Eager and replayed runs give the same bits.
 */
import { clone, dispose, engine, type Tensor, type Tensor1D, tensor, tidy, type Variable } from "@tensorflow/tfjs-core";
import { type Precision, TorchBackend } from "./backend.ts";
import type { HostArray, Slot } from "./bridge.ts";
import { makeExclusive } from "./exclusive.ts";
import { difference, NotReplayable, type Plan, plan } from "./program.ts";
import { record } from "./recording.ts";

/** An array is data, new in each run. Anything else is a constant: another value is another recording. */
export type StepInputs = Readonly<Record<string, HostArray | number | string | boolean>>;

/** What the function is given: an array as a tensor of one dimension (Uint8Array as bool), a constant as it is. */
export type Received<I extends StepInputs> = { readonly [K in keyof I]: I[K] extends HostArray ? Tensor1D : I[K] };

export type StepFunction<I extends StepInputs, O extends string> = (inputs: Received<I>) => Readonly<Record<O, Tensor>>;

/** How a run was done. */
export type StepMode = "eager" | "recording" | "replay";

const maxInFlight = 2;
/** A step whose recordings have not agreed by then stays eager. */
const maxRecordings = 4;
/** Sets of shapes and constants whose recordings are kept; the oldest goes. */
const maxKept = 16;

/** The runs with one set of shapes and constants, and the program that replays them. */
interface Specialization {
  /** The last recording's. */
  plan?: Plan;
  outputs: readonly string[];
  /** The plan, compiled once two recordings agreed. */
  program?: number;
  recordings: number;
  /** Why there is no program. */
  reason: string;
}

/**
 * Makes a recorded step of `f`, which
 * - is a function of its inputs and of variables: what else it reads (other tensors, numbers, flags) stays the same, or
 *   is one of the constants among the inputs;
 * - changes nothing but variables, and returns all that is to be read;
 * - reads no values itself (`data()`, `dataSync()`).
 *
 * A recording that shows otherwise is not replayed, and `reason` says why. `f` is called within `tf.tidy`. On another
 * backend than torch every run is eager.
 */
export function recordStep<I extends StepInputs, O extends string>(f: StepFunction<I, O>): RecordedStep<I, O> {
  return new RecordedStep(f);
}

export class RecordedStep<I extends StepInputs, O extends string> {
  /** How the last run was done. */
  mode: StepMode = "eager";
  /** Why it was no replay. */
  reason: string | undefined = "it has not run";
  private readonly f: StepFunction<I, O>;
  private readonly specializations = new Map<string, Specialization>();
  private readonly waiting: (() => void)[] = [];
  private inFlight = 0;
  private backend: TorchBackend | undefined;

  constructor(f: StepFunction<I, O>) {
    this.f = f;
  }

  /**
   * Runs the step and resolves to the values of what `f` returns. Two runs may be in flight; a third waits for the
   * first. The arrays must stay as they are until it has begun.
   * @throws Error what `f` throws or libtorch says. What was changed before that stays changed; a variable that a
   *   recorded or replayed run would have assigned afterwards keeps its value.
   */
  async run(inputs: I): Promise<Record<O, HostArray>> {
    if (this.inFlight === maxInFlight) await new Promise<void>((go) => this.waiting.push(go));
    else this.inFlight++;
    try {
      return await this.launch(inputs);
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.inFlight--;
    }
  }

  /**
   * Why the last runs that were replays were not launched as CUDA graphs, each call by itself; empty where all were, and
   * where there was no replay. Waits for what is queued.
   */
  whyNoGraph(): string {
    const programs = [...this.specializations.values()].flatMap(({ program }) => program ?? []);
    const reasons = programs.map((program) => this.backend?.bridge.whyNoGraph(program) ?? "");
    return [...new Set(reasons)].filter((reason) => reason !== "").join("; ");
  }

  /** Forgets all recordings. Runs in flight end as they would have. */
  dispose(): void {
    for (const key of [...this.specializations.keys()]) this.forget(key);
  }

  private launch(inputs: I): Promise<Record<O, HostArray>> {
    const { backend } = engine();
    if (!(backend instanceof TorchBackend)) return this.runEagerly(inputs, "only the torch backend records");
    this.backend = backend;
    const specialization = this.specializationOf(keyOf(backend.precision, inputs));
    if (specialization.program !== undefined) {
      const slots = externalSlots(backend, specialization.plan as Plan);
      if (slots) return this.replay(backend, specialization, slots, inputs);
      this.drop(specialization);
    }
    if (specialization.recordings === maxRecordings) return this.runEagerly(inputs, specialization.reason);
    return this.record(backend, specialization, inputs);
  }

  private async replay(backend: TorchBackend, { program, outputs }: Specialization, slots: Slot[], inputs: I) {
    this.mode = "replay";
    this.reason = undefined;
    const values = await backend.bridge.replay(program as number, slots, arraysOf(inputs));
    return Object.fromEntries(outputs.map((name, i) => [name, values[i]])) as Record<O, HostArray>;
  }

  private runEagerly(inputs: I, reason: string): Promise<Record<O, HostArray>> {
    this.mode = "eager";
    this.reason = reason;
    return withTensors(inputs, (received) => read(this.call(received)));
  }

  /** Runs what `f` asks for once it is all noted, and compiles it when it is the same as the time before. */
  private record(backend: TorchBackend, specialization: Specialization, inputs: I): Promise<Record<O, HostArray>> {
    this.mode = "recording";
    const before = slotsOfVariables(backend);
    return withTensors(inputs, (received, given) => {
      const { result, recording } = record(backend, before, () => this.call(received));
      const trace = {
        recording,
        inputs: given.map((x) => backend.slotOf(x)),
        outputs: Object.values<Tensor>(result).map((x) => backend.slotOf(x)),
        variables: new Map([...before].map(([v, slot]) => [v, { before: slot, after: backend.slotOf(v) }])),
      };
      specialization.outputs = Object.keys(result);
      specialization.recordings++;
      this.compare(backend, specialization, () => plan(backend, trace));
      return read(result);
    });
  }

  private compare(backend: TorchBackend, specialization: Specialization, plan: () => Plan): void {
    try {
      const former = specialization.plan;
      specialization.plan = plan();
      specialization.reason = former
        ? (difference(former, specialization.plan) ?? "")
        : "it runs with these inputs for the first time";
      if (!specialization.reason) specialization.program = backend.bridge.compile(specialization.plan.program);
      this.reason = specialization.reason || "the second recording is compared with the first";
    } catch (error) {
      if (!(error instanceof NotReplayable)) throw error;
      specialization.plan = undefined;
      this.reason = specialization.reason = error.message;
    }
  }

  /** `f`'s tensors, each to be disposed of, even one that `f` found outside. */
  private call(received: Received<I>): Record<O, Tensor> {
    const cloned = ([name, x]: [string, Tensor]) => [name, clone(x)];
    return tidy(() => Object.fromEntries(Object.entries<Tensor>(this.f(received)).map(cloned)));
  }

  private specializationOf(key: string): Specialization {
    let specialization = this.specializations.get(key);
    if (!specialization) {
      specialization = { outputs: [], recordings: 0, reason: "" };
      this.specializations.set(key, specialization);
      if (this.specializations.size > maxKept) this.forget(this.specializations.keys().next().value as string);
    }
    return specialization;
  }

  private forget(key: string): void {
    this.drop(this.specializations.get(key) as Specialization);
    this.specializations.delete(key);
  }

  private drop(specialization: Specialization): void {
    if (specialization.program !== undefined) this.backend?.bridge.drop(specialization.program);
    specialization.program = undefined;
    specialization.recordings = 0;
  }
}

/** Precision, shapes and constants: what tells one recording from another. */
function keyOf(precision: Precision, inputs: StepInputs): string {
  const part = (x: StepInputs[string]) =>
    typeof x === "object" ? `${x.constructor.name}[${x.length}]` : `${typeof x} ${Object.is(x, -0) ? "-0" : x}`;
  return JSON.stringify([precision, ...Object.entries(inputs).map(([name, x]) => [name, part(x)])]);
}

const arraysOf = (inputs: StepInputs): HostArray[] => Object.values(inputs).filter((x) => typeof x === "object");

/** Calls `use` with the inputs as tensors, which live until it returns. */
function withTensors<I extends StepInputs, T>(
  inputs: I,
  use: (received: Received<I>, given: readonly Tensor[]) => T,
): T {
  const received = Object.entries(inputs).map(([name, x]) => [name, typeof x === "object" ? toTensor(x) : x] as const);
  const given = received.flatMap(([, x]) => (typeof x === "object" ? [x] : []));
  try {
    return use(Object.fromEntries(received) as Received<I>, given);
  } finally {
    dispose(given);
  }
}

function toTensor(values: HostArray): Tensor {
  const dtype = values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "bool";
  return tensor(values, [values.length], dtype);
}

/** The tensors' values as of now; they are disposed of. */
async function read<O extends string>(tensors: Record<O, Tensor>): Promise<Record<O, HostArray>> {
  const entries = Object.entries<Tensor>(tensors);
  try {
    const values = await Promise.all(entries.map(([, x]) => x.data<"float32" | "int32" | "bool">()));
    return Object.fromEntries(entries.map(([name], i) => [name, values[i]])) as Record<O, HostArray>;
  } finally {
    dispose(tensors);
  }
}

/** Where all variables lie, none sharing its data: what uses the data then uses the variable. */
function slotsOfVariables(backend: TorchBackend): Map<Variable, Slot> {
  const all = Object.values(engine().registeredVariables);
  const here = all.filter(({ dataId, dtype }) => dtype !== "string" && backend.refCount(dataId) > 0);
  for (const variable of here) makeExclusive(variable);
  return new Map(here.map((variable) => [variable, backend.slotOf(variable)]));
}

/** Slots for the external cells, or undefined where something from outside is no longer there. */
function externalSlots(backend: TorchBackend, { externals, changed }: Plan): Slot[] | undefined {
  const slots: Slot[] = [];
  for (const x of externals) {
    const gone = "variable" in x ? x.variable.isDisposed : backend.generationOf(x.slot) !== x.generation;
    if (gone) return undefined;
    if ("variable" in x && changed.has(x.variable)) makeExclusive(x.variable); // a clone made since keeps its values
    slots.push("variable" in x ? backend.slotOf(x.variable) : x.slot);
  }
  return slots;
}
