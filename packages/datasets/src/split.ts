import { createHash } from "node:crypto";
import { at } from "@reluctant/relu";

export const splits = ["train", "validation", "test"] as const;
export type Split = (typeof splits)[number];

/**
 * Indices of the names, stratified: every prefix of the order holds each class in its share. Within a class samples go
 * by SHA-256 of `salt:name`; between classes by Webster's priority (rank + ½) / class size, ties by label. So a prefix
 * of n is the stratified draw of n, a longer prefix contains a shorter one, and nothing depends on a seed or on the
 * order of the names.
 */
export function stratifiedOrder(names: readonly string[], labels: readonly number[], salt: string): Uint32Array {
  const priority = new Float64Array(names.length);
  for (const members of byHash(names, labels, salt)) {
    for (const [rank, sample] of members.entries()) priority[sample] = (rank + 0.5) / members.length;
  }
  return Uint32Array.from(names.keys()).sort(
    (a, b) => at(priority, a) - at(priority, b) || at(labels, a) - at(labels, b),
  );
}

/**
 * Which training samples are held out for validation: of each class the tenth (rounded, at least one) whose names have
 * the lowest SHA-256 (method.md §7: 5,000 of CIFAR's 50,000, 500 a class).
 * @returns one boolean a name
 */
export function heldOutForValidation(names: readonly string[], labels: readonly number[]): boolean[] {
  const heldOut = new Array<boolean>(names.length).fill(false);
  for (const members of byHash(names, labels, "validation")) {
    for (const sample of members.slice(0, Math.max(1, Math.round(members.length / 10)))) heldOut[sample] = true;
  }
  return heldOut;
}

/** Sample indices of each label present, in the order of their names' salted hashes. */
function byHash(names: readonly string[], labels: readonly number[], salt: string): number[][] {
  const hashes = names.map((name) => createHash("sha256").update(`${salt}:${name}`).digest("hex"));
  const groups = new Map<number, number[]>();
  for (const [sample, label] of labels.entries()) {
    const group = groups.get(label);
    if (group) group.push(sample);
    else groups.set(label, [sample]);
  }
  const hash = (sample: number) => hashes[sample] as string;
  return [...groups.values()].map((group) => group.sort((a, b) => (hash(a) < hash(b) ? -1 : 1)));
}
