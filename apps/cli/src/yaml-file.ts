import { readFile } from "node:fs/promises";
import { ReluctantError } from "@reluctant/contracts";
import { parse } from "yaml";

/** What a YAML or JSON file holds. @throws ReluctantError that names the file */
export async function readYaml(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new ReluctantError(
      "invalid-spec",
      `cannot read ${path}: ${error.code === "ENOENT" ? "there is no such file" : error.message}`,
    );
  });
  return parseYaml(path, text);
}

export function parseYaml(path: string, text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new ReluctantError("invalid-spec", `${path} is not YAML or JSON: ${(error as Error).message.split("\n")[0]}`);
  }
}
