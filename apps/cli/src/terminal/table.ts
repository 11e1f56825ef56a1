import { singleLine } from "./text.ts";

export interface Column {
  title: string;
  align?: "left" | "right";
}

/** Plain-text table: columns as wide as their widest cell, two spaces between, numbers to the right. */
export function table(columns: readonly Column[], given: readonly (readonly string[])[]): string {
  const rows = given.map((row) => row.map(singleLine));
  const widths = columns.map((column, i) => Math.max(column.title.length, ...rows.map((row) => (row[i] ?? "").length)));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, i) => {
        const cell = cells[i] ?? "";
        return align === "right" ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number);
      })
      .join("  ")
      .trimEnd();
  return [line(columns.map((column) => column.title)), ...rows.map(line)].join("\n");
}
