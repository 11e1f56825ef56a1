import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { plan } from "@reluctant/relu";
import { experimentSpecSchema, registry } from "@reluctant/stages/definitions";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { helpOf } from "./cli-help.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
/** All that a reader is sent to; results are written by commands. */
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
  ...["packages", "apps", "workers", "infra"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((folder) => `${parent}/${folder}/README.md`))
    .filter((file) => existsSync(join(root, file))),
];
const text = documents.map(read).join("\n");
const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;
const cifar = { version: "0".repeat(64), inputShape: [32, 32, 3] as const, classes: 10, trainSize: 45_000 };

const problemsOf = (spec: unknown) => {
  const parsed = experimentSpecSchema.safeParse(spec);
  if (!parsed.success) return parsed.error.issues;
  const planned = plan(parsed.data, cifar, registry);
  return planned.ok ? [] : planned.errors;
};

/** From the root, as in CONTRIBUTING, or from the document's own folder, as in a package's README. */
const isThere = (path: string, document: string) =>
  [root, join(root, document, "..")].some((folder) => existsSync(join(folder, path)));

/** What is built is as good as its source. */
const sourceOf = (script: string) => script.replace("/dist/", "/src/").replace(/\.js$/, ".ts");

const isPath = /^(apps|packages|workers|infra|prisma|scripts|docs|examples|test|src|native|python|\.ci)\/[\w./+-]*$/;
/** `docs/results/NAME.json`: whoever reads it puts a name there. */
const hasPlaceholder = (path: string) => /\b[A-Z]{2,}\b/.test(path.replace("README.md", ""));

const pathsIn = (markdown: string) =>
  [...markdown.matchAll(/`([^`\n]+)`/g)]
    .map(([, code = ""]) => code)
    .filter((code) => isPath.test(code) && !hasPlaceholder(code));

const scriptsIn = (markdown: string) =>
  [...markdown.matchAll(/\bnode ((?:[\w.-]+\/)+[\w.-]+)/g)].map(([, script = ""]) => sourceOf(script));

/** A heading as links name it. */
const anchorsOf = (markdown: string) =>
  [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, "")
      .replace(/\s/g, "-"),
  );

describe("what the documents say", () => {
  it("names npm scripts that exist", () => {
    const named = [...text.matchAll(/npm (?:run ([\w:-]+)|(test|start))/g)].map((match) => match[1] ?? match[2] ?? "");
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it("names commands and flags that the reluctant command has", () => {
    const named = [...text.matchAll(/npx reluctant ([\w-]+)([^\n#`]*)/g)];
    expect(named.length).toBeGreaterThan(3);
    for (const [, command = "", rest = ""] of named) {
      const [word = ""] = rest.trim().split(/\s/);
      const isGroup = /^[a-z][a-z-]*$/.test(word) && new RegExp(`^ {2}${word}\\b`, "m").test(helpOf(command));
      const words = isGroup ? [command, word] : [command];
      expect(helpOf(...words)).toContain(`Usage: reluctant ${words.join(" ")}`);
      for (const flag of rest.match(/--[\w-]+/g) ?? []) expect(helpOf(...words)).toContain(flag);
    }
  });

  it("shows specs that plan", () => {
    const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => parse(match[1] ?? ""));
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(problemsOf(block)).toEqual([]);
  });

  it.each(documents)("links from %s to files, and headings in them, that exist", (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)]+)\)/g)].map((match) => match[1] ?? "");
    const broken = links.filter((link) => {
      const [file = "", anchor] = link.split("#");
      const target = file === "" ? document : join(document, "..", file);
      return !existsSync(join(root, target)) || (anchor !== undefined && !anchorsOf(read(target)).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  it.each(documents)("names in %s paths and scripts that exist", (document) => {
    const named = [...pathsIn(read(document)), ...scriptsIn(read(document))];
    expect(named.filter((path) => !isThere(path, document))).toEqual([]);
  });

  it("takes for a path what is one", () => {
    expect(pathsIn("`src/main.ts`, `docs/results/NAME.json`, `apps/*`, `a/b`, `npm test`")).toEqual(["src/main.ts"]);
    expect(scriptsIn("node apps/api/dist/main.js, node --input-type=module")).toEqual(["apps/api/src/main.ts"]);
  });

  const specs = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".yaml"));
  it.each(specs)("ships examples/%s, which plans", (file) => {
    expect(problemsOf(parse(read(join("examples", file))))).toEqual([]);
  });
});
