import { lotOf } from "./mutation.ts";
import { defaultLimits, type Files, type Limits, type Lot, type Opened, type Reading, type Target } from "./target.ts";

/** Which inputs: their numbers, and what their changes are drawn by. */
export interface Range {
  seed: number;
  from: number;
  inputs: number;
}

/** A fault that an input showed. */
export interface Finding {
  input: number;
  what: string;
  files: Files;
}

/** What fuzzing a target came to. */
export interface Tally {
  read: number;
  refused: number;
  /** Of one input. */
  mostSeconds: number;
  mostMemory: number;
  findings: Finding[];
}

const mostFindings = 10;
const longestRefusal = 2_000;

/**
 * Gives a target its broken inputs, one after the other, and holds each to its limits. Ends at ten findings.
 * @param starting is told the number of each input before it is read
 * @throws Error where the target does not read its own sound files: nothing that follows would say anything
 */
export async function fuzz(target: Target, range: Range, starting: (input: number) => void): Promise<Tally> {
  const limits = { ...defaultLimits, ...target.limits };
  const opened = await target.open();
  const tally: Tally = { read: 0, refused: 0, mostSeconds: 0, mostMemory: 0, findings: [] };
  try {
    const { bytes } = await opened.read(opened.files);
    if (bytes === 0) throw new Error(`${target.name} reads nothing of its own sound files`);
    for (let input = range.from; input < range.from + range.inputs; input++) {
      const files = inputOf(opened, lotOf(range.seed, input));
      starting(input);
      const what = await tried(opened, { files, limits, tally });
      if (what !== null) tally.findings.push({ input, what, files });
      if (tally.findings.length >= mostFindings) break;
    }
  } finally {
    await opened.close?.();
  }
  return tally;
}

function inputOf({ files, input }: Opened, lot: Lot): Files {
  if (input) return input(lot);
  const paths = Object.keys(files);
  const path = paths[lot.below(paths.length)] as string;
  return { ...files, [path]: lot.broken(files[path] as Uint8Array) };
}

/** What is wrong with how an input was read or refused; null where nothing is. */
async function tried(opened: Opened, { files, limits, tally }: Trial): Promise<string | null> {
  const [cpu, memory] = [process.cpuUsage(), memoryUsed()];
  const outcome = await outcomeOf(opened, files);
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (user + system) / 1e6;
  const added = memoryUsed() - memory;
  tally.mostSeconds = Math.max(tally.mostSeconds, seconds);
  tally.mostMemory = Math.max(tally.mostMemory, added);
  tally["bytes" in outcome ? "read" : "refused"]++;
  if (seconds > limits.seconds) return `took ${seconds.toFixed(1)} s of processor time, more than ${limits.seconds}`;
  if (added > limits.memory) return `took ${mebibytes(added)} of memory, more than ${mebibytes(limits.memory)}`;
  if (!("bytes" in outcome)) return refusalFault(outcome, opened);
  const given = Object.values(files).reduce((total, { length }) => total + length, 0);
  if (outcome.bytes > limits.growth * given) return `gave ${outcome.bytes} bytes for an input of ${given}`;
  const outside = outcome.paths?.find(leadsOut);
  return outside === undefined ? null : `asked for ${JSON.stringify(outside)}, which is outside of its folder`;
}

interface Trial {
  files: Files;
  limits: Limits;
  tally: Tally;
}

async function outcomeOf({ read }: Opened, files: Files): Promise<Reading | { thrown: unknown }> {
  try {
    return await read(files);
  } catch (thrown) {
    return { thrown };
  }
}

function refusalFault({ thrown }: { thrown: unknown }, { isRefusal }: Opened): string | null {
  if (!(thrown instanceof Error)) return `threw ${String(thrown)}`;
  if (!isRefusal(thrown)) return `threw ${thrown.stack?.split("\n", 4).join("\n")}`;
  if (thrown.message === "") return "was refused without a word";
  return thrown.message.length > longestRefusal ? `was refused in ${thrown.message.length} characters` : null;
}

function memoryUsed(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const leadsOut = (path: string): boolean => /^\/|\\|\0|(^|\/)\.\.(\/|$)/.test(path);

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
