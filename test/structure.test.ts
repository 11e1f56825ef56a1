import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** Ranks of CONTRIBUTING.md: a package imports only packages of a smaller number; apps and workers sit on top. */
const ranks: Record<string, number> = {
  "packages/contracts": 0,
  "packages/relu": 1,
  "packages/telemetry": 1,
  "packages/machine": 1,
  "packages/sdk": 1,
  "packages/stages": 2,
  "packages/db": 2,
  "packages/queue": 2,
  "packages/plot": 2,
  "packages/tfjs-backend-torch": 2,
  "packages/datasets": 2,
  "packages/artifacts": 3,
  "packages/engine": 3,
  "packages/interchange": 3,
  "packages/control": 4,
  "infra/local": 5,
  "apps/api": 6,
  "apps/cli": 6,
  "apps/dashboard": 6,
  "workers/coordinator": 6,
  "workers/gpu": 6,
};

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
}
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), "utf8"));
const folders = Object.keys(ranks);
const folderOf = new Map(folders.map((folder) => [manifest(folder).name, folder]));
const ours = (folder: string) =>
  Object.keys(manifest(folder).dependencies ?? {}).filter((name) => name.startsWith("@reluctant/"));

describe("the house", () => {
  // Biome's noUndeclaredDependencies holds imports to what a package declares; this holds declarations to the ranks.
  it.each(folders)("%s depends only on smaller ranks", (folder) => {
    for (const name of ours(folder)) {
      const target = folderOf.get(name);
      expect(target, `${folder} depends on ${name}, which has no rank`).toBeDefined();
      expect(ranks[target as string], `${folder} → ${target}`).toBeLessThan(ranks[folder] as number);
    }
  });

  it("keeps the vocabulary and the domain free of everything but data", () => {
    expect(Object.keys(manifest("packages/contracts").dependencies ?? {})).toEqual(["zod"]);
    expect(Object.keys(manifest("packages/relu").dependencies ?? {})).toEqual([
      "@noble/hashes",
      "@reluctant/contracts",
    ]);
  });

  it("knows this project nowhere in the TensorFlow.js backend", () => {
    expect(ours("packages/tfjs-backend-torch")).toEqual([]);
  });
});
