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
export const stageKey = (identity: StageIdentity): string => bytesToHex(sha256(utf8ToBytes(canonicalJson(identity))));

/** JSON with sorted keys and no spaces; undefined fields are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
