import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Precision, StageKind, StageParams } from "@reluctant/contracts";

/** Where a stage's input comes from: another stage run (its `full` variant unless named), or bytes that a user imported. */
export type PlannedInput = { stageKey: string; variant?: string } | { artifact: string };

/** What identifies a stage's result: everything that changes its numbers. Backend and device are recorded instead. */
export interface StageIdentity {
  kind: StageKind;
  implementation: string;
  version: number;
  params: StageParams;
  precision: Precision;
  seed: number;
  datasetVersion: string;
  inputs: Record<string, PlannedInput>;
}

/** SHA-256 of the identity's canonical JSON: known when planned, so cache hits show before anything runs. */
export const stageKey = (identity: StageIdentity): string => hashOf(canonicalJson(identity));

/** `stageKey` for the many stages of a plan: parameters that stages have in common, as one object, are written out once. */
export function planStageKeys(): (identity: StageIdentity) => string {
  const texts = new Map<unknown, string>();
  return (identity) => {
    const { params } = identity;
    if (!texts.has(params)) texts.set(params, canonicalJson(params));
    return hashOf(canonicalJson(identity, texts));
  };
}

const hashOf = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

/** JSON with sorted keys and no spaces; undefined fields are left out. `texts` of objects within are taken as they are. */
export function canonicalJson(value: unknown, texts?: ReadonlyMap<unknown, string>): string {
  const known = texts?.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, texts)).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field, texts)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
