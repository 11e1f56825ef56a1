/**
 * What the thread that reads Parquet runs. The library trusts lengths that a file claims: a broken one can keep it counting, or
 * fill memory. Here that ends a thread, and neither the process nor its other work.
 */
import { type FileHandle, open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { allowance, compressorsWithin } from "./parquet-pages.ts";

/** What a table says of itself. */
export interface TableFacts {
  /** Of the schema's root. */
  readonly columns: readonly string[];
  /** Beside the schema, by key. */
  readonly notes: Readonly<Record<string, string>>;
  readonly groups: number;
}

export type ParquetRequest =
  | { readonly file: string; readonly want: "facts" }
  /** Rows of one group, each with its values in the order of the columns. */
  | { readonly file: string; readonly want: "rows"; readonly group: number; readonly columns: readonly string[] };
export type ParquetAnswer =
  | { readonly facts: TableFacts }
  | { readonly rows: unknown[][] }
  | { readonly problem: string };

parentPort?.on("message", async (request: ParquetRequest) => {
  const answer = await answered(request).catch((error: unknown): ParquetAnswer => ({ problem: String(error) }));
  parentPort?.postMessage(answer);
});

async function answered(request: ParquetRequest): Promise<ParquetAnswer> {
  const handle = await open(request.file);
  try {
    const file = await bufferOf(handle);
    const metadata = await parquetMetadataAsync(file);
    return request.want === "facts" ? { facts: factsOf(metadata) } : { rows: await rowsOf(file, metadata, request) };
  } finally {
    await handle.close();
  }
}

const factsOf = (metadata: FileMetaData): TableFacts => ({
  columns: topColumns(metadata),
  notes: Object.fromEntries((metadata.key_value_metadata ?? []).map(({ key, value = "" }) => [key, value])),
  groups: metadata.row_groups.length,
});

/** Children of the schema's root, which stands first with its number of children. */
function topColumns({ schema }: FileMetaData): string[] {
  const names: string[] = [];
  const next = (at: number): number => {
    let after = at + 1;
    for (let child = 0; child < (schema[at]?.num_children ?? 0) && after < schema.length; child++) after = next(after);
    return after;
  };
  for (let at = 1; at < schema.length; at = next(at)) names.push(schema[at]?.name ?? "");
  return names;
}

/** Bytes that a group of rows may have: what of the file is read for it, and what that unfolds to. */
const mostBytes = 2 ** 30;

async function rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  { group, columns }: Extract<ParquetRequest, { want: "rows" }>,
): Promise<unknown[][]> {
  const groups = metadata.row_groups;
  const rowStart = groups.slice(0, group).reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  const rowEnd = rowStart + Number(groups[group]?.num_rows ?? 0);
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns: [...columns],
    rowStart,
    rowEnd,
    utf8: false,
    compressors: compressorsWithin(mostBytes),
  });
  return rows.map((row) => columns.map((column) => row[column]));
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  const taken = allowance(mostBytes, "what it asks to read");
  return {
    byteLength: size,
    async slice(start, end = size) {
      const length = taken(Math.min(end, size) - start);
      const { buffer } = await handle.read(new Uint8Array(length), 0, length, start);
      return buffer.buffer as ArrayBuffer;
    },
  };
}
