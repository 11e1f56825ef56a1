import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Ranks of CONTRIBUTING.md: a package imports only packages of a smaller number; apps and workers sit on top. */
const ranks: Record<string, number> = {
  "packages/contracts": 0,
  "packages/relu": 1,
  "packages/telemetry": 1,
  "packages/machine": 1,
  "packages/pickle": 1,
  "packages/sdk": 1,
  "packages/stages": 2,
  "packages/db": 2,
  "packages/queue": 2,
  "packages/plot": 2,
  "packages/tfjs-backend-tensorflow": 2,
  "packages/tfjs-backend-torch": 2,
  "packages/datasets": 2,
  "packages/pi": 2,
  "packages/artifacts": 3,
  "packages/training-ops": 3,
  "packages/interchange": 3,
  "packages/engine": 4,
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
const root = join(import.meta.dirname, "..");
const manifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), "utf8"));
const folders = Object.keys(ranks);
const folderOf = new Map(folders.map((folder) => [manifest(folder).name, folder]));
const ours = (folder: string) =>
  Object.keys(manifest(folder).dependencies ?? {}).filter((name) => name.startsWith("@reluctant/"));

const files = ["packages", "apps", "workers", "infra", "scripts", "test"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.(ts|tsx|mjs)$/.test(path) && !/(^|\/)(node_modules|dist|generated|results)\//.test(path))
    .map((path) => join(folder, path)),
);

/** Ways of vitest to leave a test out, or all others, without a word of why. */
const silentSkips = [
  /\b(describe|it|test|suite)(\.\w+)*\.(skip|skipIf|runIf|todo|only)\b/,
  /[{,]\s*(skip|todo|only):\s/,
  /\b(context|ctx|task)\.skip\(|[{,]\s*skip\s*[,}].*=>/,
];

/** All that a module brings in as it is loaded, types left out: files of ours, and packages by name. */
function staticImports(entry: URL): { files: string[]; packages: Set<string> } {
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: URL) => {
    if (files.has(fileURLToPath(file))) return;
    files.add(fileURLToPath(file));
    const text = readFileSync(file, "utf8");
    for (const [, , from = ""] of text.matchAll(/^(import|export)(?! type\b)[^;"]*? from "([^"]+)";$/gm)) {
      if (from.startsWith(".")) visit(new URL(from, file));
      else if (folderOf.has(from)) visit(new URL(`../${folderOf.get(from)}/src/index.ts`, import.meta.url));
      else
        packages.add(
          from
            .split("/")
            .slice(0, from.startsWith("@") ? 2 : 1)
            .join("/"),
        );
    }
  };
  visit(entry);
  return { files: [...files], packages };
}

describe("the house", () => {
  it("leaves out no test but by skipFor, which says why", () => {
    const own = ["test/skip-for.ts", "test/structure.test.ts"];
    const sources = files.map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").split("\n") }));
    const tests = sources.filter(
      ({ path, lines }) => lines.some((l) => /from "vitest"/.test(l)) && !own.includes(path),
    );
    expect(tests.length).toBeGreaterThan(100);
    const found = tests.flatMap(({ path, lines }) =>
      lines
        .filter((line) => silentSkips.some((pattern) => pattern.test(line)))
        .map((line) => `${path}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });

  it.each([
    "describe.skip('a', () => {})",
    "it.skipIf(away).each(cases)('b', f)",
    "test.concurrent.only('c', f)",
    "it.todo('d')",
    "it('e', { timeout: 1, skip: true }, f)",
    "it('f', ({ skip }) => {",
    "it('g', (ctx) => ctx.skip())",
  ])("knows `%s` for a silent skip", (line) => {
    expect(silentSkips.some((pattern) => pattern.test(line))).toBe(true);
  });

  // Biome's noUndeclaredDependencies holds imports to what a package declares; this holds declarations to the ranks.
  it.each(folders)("%s depends only on smaller ranks", (folder) => {
    const rankOf = (name: string) => ranks[folderOf.get(name) ?? ""] ?? Number.POSITIVE_INFINITY; // of one without a rank
    expect(ours(folder).filter((name) => rankOf(name) >= (ranks[folder] as number))).toEqual([]);
  });

  it("keeps the vocabulary and the domain free of everything but data", () => {
    expect(Object.keys(manifest("packages/contracts").dependencies ?? {})).toEqual(["zod"]);
    expect(Object.keys(manifest("packages/relu").dependencies ?? {})).toEqual([
      "@noble/hashes",
      "@reluctant/contracts",
    ]);
  });

  it("lets browsers have the definitions of methods: no Node, no tensors, and a stage's code only when it runs", () => {
    const { files, packages } = staticImports(new URL("../packages/stages/src/definitions.ts", import.meta.url));
    expect([...packages].sort()).toEqual(["@noble/hashes", "zod"]);
    expect(files.filter((file) => file.endsWith("/run.ts"))).toEqual([]);
    expect(files.filter((file) => file.endsWith("/definition.ts")).length).toBeGreaterThan(10);
  });

  it.each([
    ["packages/tfjs-backend-tensorflow", 10],
    ["packages/tfjs-backend-torch", 30],
  ])("knows this project nowhere in %s, its tests included", (backend, atLeast) => {
    expect(ours(backend)).toEqual([]);
    const own = files.filter((path) => path.startsWith(`${backend}/`));
    expect(own.length).toBeGreaterThan(atLeast);
    const known = own.filter((path) => {
      const text = readFileSync(join(root, path), "utf8").replaceAll(manifest(backend).name, "");
      return /reluctant|\.\.\/\.\.\/\.\.\//i.test(text);
    });
    expect(known).toEqual([]);
  });
});
