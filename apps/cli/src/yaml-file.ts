import { ReluctantError } from "@reluctant/contracts";
import { parseDocument } from "yaml";
import { readInputFile } from "./input-file.ts";

/** What a YAML or JSON file holds. @throws ReluctantError that names the file */
export const readYaml = async (path: string): Promise<unknown> =>
  parseYaml(path, new TextDecoder().decode(await readInputFile(path)));

/**
 * Plain data only: a tag that asks for more, such as `!!js/function`, is an error, where the parser would warn and go on.
 * @throws ReluctantError that names the file, and line and column at fault
 */
export function parseYaml(path: string, text: string): unknown {
  const document = parseDocument(text, { logLevel: "error" });
  const [fault] = [...document.errors, ...document.warnings];
  const tag = fault?.code === "TAG_RESOLVE_FAILED" && /^Unresolved tag: (\S+)/.exec(fault.message)?.[1];
  if (tag) {
    const [{ line, col } = { line: 1, col: 1 }] = fault?.linePos ?? [];
    const message = `the tag ${tag} is not allowed, line ${line}, column ${col}; write plain values`;
    throw new ReluctantError("invalid-spec", `${path}: ${message}`);
  }
  try {
    if (fault) throw fault;
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ReluctantError("invalid-spec", `${path} is not YAML or JSON: ${(error as Error).message.split("\n")[0]}`);
  }
}
