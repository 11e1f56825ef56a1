import { Option } from "commander";
import { printJson } from "./terminal/print.ts";

/** How every command that lists something says it to programs. */
export interface ListFlags {
  json?: true;
  jsonl?: true;
}

export const jsonOption = (does: string): Option => new Option("--json", does);
export const jsonLinesOption = (): Option => new Option("--jsonl", "print them as JSON, one a line").conflicts("json");

/** True when a program asked, and was told: one array, or one item a line. */
export function printedAsJson(items: readonly unknown[], { json, jsonl }: ListFlags): boolean {
  if (json) printJson(items);
  if (jsonl) for (const item of items) printJson(item);
  return Boolean(json || jsonl);
}
