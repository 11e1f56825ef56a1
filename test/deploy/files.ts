/** The files of `infra` as they are written, and what the documents say of them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";

export const root = join(import.meta.dirname, "../..");
export const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Every document of a YAML file, with its `<<` merged. @throws Error that names the file where it is not YAML */
export function yamlOf(file: string): unknown[] {
  return parseAllDocuments(read(file), { merge: true }).map((document) => {
    if (document.errors.length > 0) throw new Error(`${file}: ${document.errors.map(String).join("; ")}`);
    return document.toJS();
  });
}

const operations = read("docs/operations.md");
const section = (title: string) => operations.split(new RegExp(`^## ${title}$`, "m"))[1]?.split(/^## /m)[0] ?? "";
const firstColumn = (text: string) => [...text.matchAll(/^\| `(\w+)` /gm)].map(([, name = ""]) => name);

/** Variables that processes read, and those that `infra/.env` gives. */
export const documented = {
  processes: new Set(firstColumn(section("Environment variables"))),
  compose: new Set(firstColumn(section("Deploy"))),
};

/** The stages of the Dockerfile: what each is made from, and its instructions. */
export const stages = new Map(
  read("infra/docker/Dockerfile")
    .replaceAll(/\\\n/g, "")
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((text) => {
      const [, from = "", name = ""] = /^FROM (\S+) AS (\S+)$/m.exec(text) ?? [];
      return [name, { from, instructions: text.split("\n").filter((line) => /^[A-Z]+ /.test(line)) }] as const;
    }),
);

/** All instructions of an image, those of what it is made from first. */
export const imageOf = (stage: string): string[] => {
  const { from, instructions } = stages.get(stage) ?? { from: "", instructions: [] };
  return stages.has(from) ? [...imageOf(from), ...instructions] : instructions;
};

/** `reluctant/control` is the target `control`; null for an image of others. */
export const targetOf = (image: string): string | null => /^reluctant\/([\w-]+)$/.exec(image)?.[1] ?? null;

/** What a command runs, as the source that it is built from. */
export const sourcesIn = (command: readonly string[]): string[] =>
  [...command.join(" ").matchAll(/\b(?:scripts|apps|workers)\/[\w./-]+\.m?js\b/g)].map(([script]) =>
    script.replace(/\/dist\/(.*)\.js$/, "/src/$1.ts"),
  );
