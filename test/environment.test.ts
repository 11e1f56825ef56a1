/** The variables that docs/operations.md lists are those that the code reads, found in every source by the ways of reading one. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** What an installation and its set-up consist of. */
const folders = ["apps", "packages", "workers", "infra/local", "scripts"];
const notSources = /(^|\/)(node_modules|dist|generated|bench|testing|testkit|conformance)\/|\.test\.tsx?$/;

const sources = folders
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`),
  )
  .filter((path) => /\.(tsx?|mjs|cc|h|py)$/.test(path) && !notSources.test(path))
  .concat("prisma.config.ts");

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap(([, ...names]) => names.filter(Boolean));

/** `process.env.NAME`, and `env.NAME` of an environment that was handed on. */
const named = (text: string) => [...all(text, /\bprocess\.env\.(\w+)/g), ...all(text, /\benv\.([A-Z][A-Z0-9_]*)\b/g)];

/** `const { NAME: name } = env`, and the same in a parameter. */
const destructured = (text: string) =>
  all(text, /\{([^{}]*)\}(?:: NodeJS\.ProcessEnv| = (?:process\.)?env\b)/g).flatMap((fields) =>
    all(fields, /\b([A-Z][A-Z0-9_]*)\b/g),
  );

/** `env[name]`: what the file writes as a variable's name, as a key, or as a string (with a `_`: signals are strings, too). */
const computed = (text: string) =>
  /\benv\[\w+\]/.test(text) ? all(text, /"([A-Z][A-Z0-9]*_[A-Z0-9_]+)"|^ *([A-Z][A-Z0-9_]+):/gm) : [];

/** `getenv("NAME")`, and `getenv(kVariable)`. */
const inCpp = (text: string) =>
  all(text, /\bgetenv\(([^)]+)\)/g).flatMap((name) =>
    name.startsWith('"') ? name.slice(1, -1) : all(text, new RegExp(`\\b${name} = "(\\w+)"`, "g")),
  );

const readBy = (path: string) => {
  const text = readFileSync(join(root, path), "utf8");
  return [named, destructured, computed, inCpp].flatMap((find) => find(text));
};

const operations = readFileSync(join(root, "docs/operations.md"), "utf8");
const [, section = ""] = operations.split(/^## Environment variables$/m);
const listed = all(section.split(/^## /m)[0] ?? "", /^\| `(\w+)` /gm);
const read = new Set(sources.flatMap(readBy));

test("each environment variable that the code reads is listed once", () => {
  expect(read.size).toBeGreaterThan(20);
  expect([...listed].sort()).toEqual([...read].sort());
});

test("each is found whichever way it is read", () => {
  expect(named("process.env.npm_config_cache ??= x; env.LOG_LEVEL || y")).toEqual(["npm_config_cache", "LOG_LEVEL"]);
  expect(destructured("const { DATABASE_URL: databaseUrl, HOST } = env;")).toEqual(["DATABASE_URL", "HOST"]);
  expect(destructured("({ RELUCTANT_URL: url }: NodeJS.ProcessEnv) =>")).toEqual(["RELUCTANT_URL"]);
  expect(computed('  PORT: z.string(),\n required("REDIS_URL"); on("SIGTERM"); env[name]')).toEqual([
    "PORT",
    "REDIS_URL",
  ]);
  expect(inCpp('k = "TFJS_LEVEL"; getenv(k); getenv("TFJS_AT")')).toEqual(["TFJS_LEVEL", "TFJS_AT"]);
});
