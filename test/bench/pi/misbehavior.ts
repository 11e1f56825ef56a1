import { chooseKernels, misbehave } from "@reluctant/pi/units";
import type { Row } from "../rows.ts";
import type { Case } from "./case.ts";

const sessions = 10_000;

/** Sessions in which one message is not what it should be; one that ends in any other way than it must stops the bench. */
async function misbehavior(): Promise<Row[]> {
  const kernels = chooseKernels();
  const outcomes = new Map<string, number>();
  for (let done = 0; done < sessions; ) {
    const met = await misbehave(kernels);
    if (!met) continue;
    const name = met.outcome === "through" ? `${met.way}, went through` : "ended with an error of the channel";
    outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
    if (++done % 1_000 === 0) process.stderr.write(`  ${done} of ${sessions}\n`);
  }
  return [...outcomes]
    .sort()
    .map(([name, value]) => ({ case: `sessions with a misbehaving peer: ${name}`, value, unit: "sessions" }));
}

export const misbehaviors: Case[] = [{ name: "misbehavior", quick: false, run: misbehavior }];
