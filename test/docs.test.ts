import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { experimentSpecSchema } from "@reluctant/contracts";
import { plan } from "@reluctant/relu";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const documents = ["README.md", "CONTRIBUTING.md", "packages/tfjs-backend-torch/README.md"];
const text = documents.map(read).join("\n");
const scripts: Record<string, string> = JSON.parse(read("package.json")).scripts;
const cifar = { version: "0".repeat(64), inputShape: [32, 32, 3] as const, classes: 10, trainSize: 45_000 };

const problemsOf = (spec: unknown) => {
  const parsed = experimentSpecSchema.safeParse(spec);
  if (!parsed.success) return parsed.error.issues;
  const planned = plan(parsed.data, cifar);
  return planned.ok ? [] : planned.errors;
};

describe("what the documents say", () => {
  it("names npm scripts that exist", () => {
    const named = [...text.matchAll(/npm (?:run ([\w-]+)|(test|start))/g)].map((match) => match[1] ?? match[2] ?? "");
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  // a process for each that is named: half a second alone, eight on a machine under load
  it("names commands and flags that the reluctant command has", { timeout: 180_000 }, () => {
    const named = [...text.matchAll(/npx reluctant ([\w-]+)([^\n#]*)/g)];
    expect(named.length).toBeGreaterThan(3);
    for (const [, command = "", rest = ""] of named) {
      const help = execFileSync(process.execPath, [join(root, "apps/cli/dist/main.js"), command, "--help"], {
        encoding: "utf8",
      });
      expect(help).toContain(`Usage: reluctant ${command}`);
      for (const flag of rest.match(/--[\w-]+/g) ?? []) expect(help).toContain(flag);
    }
  });

  it("shows specs that plan", () => {
    const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => parse(match[1] ?? ""));
    expect(blocks.length).toBeGreaterThan(0);
    for (const block of blocks) expect(problemsOf(block)).toEqual([]);
  });

  it.each(documents)("links from %s to files that exist", (document) => {
    const links = [...read(document).matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map((match) => match[1] ?? "");
    expect(links.filter((link) => !existsSync(join(root, document, "..", link)))).toEqual([]);
  });

  const specs = readdirSync(join(root, "examples")).filter((file) => file.endsWith(".yaml"));
  it.each(specs)("ships examples/%s, which plans", (file) => {
    expect(problemsOf(parse(read(join("examples", file))))).toEqual([]);
  });
});
