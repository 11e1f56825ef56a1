import type { CostSheet, Phase } from "./costs.ts";

/** One party's work for a step, and the phase that it belongs to. */
export interface Part {
  phase: Phase;
  run(): void | Promise<void>;
}

/** A step's parts, in their order: one that is offline may not need what one that is online gives. */
export interface StepParts {
  name: string;
  parts: readonly Part[];
}

/** Carries out a phase step by step; one cost for each step that has a part in it. */
export async function carryOut(
  phase: Phase,
  { steps, costs }: { steps: readonly StepParts[]; costs: CostSheet },
): Promise<void> {
  for (const { name, parts } of steps) {
    const due = parts.filter((part) => part.phase === phase);
    if (due.length === 0) continue;
    await costs.of(phase, name, async () => {
      for (const part of due) await part.run();
    });
  }
}

/** What one part makes and a later one takes. */
export function madeBy<Made>(make: () => Promise<Made>): { run: () => Promise<void>; get: () => Made } {
  let made: { value: Made } | undefined;
  return {
    run: async () => {
      made = { value: await make() };
    },
    get() {
      if (!made) throw new Error("a part was carried out before the one that makes what it takes");
      return made.value;
    },
  };
}
