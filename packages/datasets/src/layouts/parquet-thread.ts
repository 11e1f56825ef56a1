/**
 * What the thread that reads Parquet runs. The library trusts lengths that a file claims: a broken one can keep it counting, or
 * fill memory. Here that ends a thread, and neither the process nor its other work.
 */
import { type FileHandle, open } from "node:fs/promises";
import { parentPort } from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  snappyUncompress,
} from "hyparquet";

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

/** Of the bytes of a group of rows, unpacked; of what is read at once; and of a page. */
const most = { group: 2 ** 30, slice: 2 ** 30, page: 256 * 2 ** 20 } as const;

async function rowsOf(
  file: AsyncBuffer,
  metadata: FileMetaData,
  { group, columns }: Extract<ParquetRequest, { want: "rows" }>,
): Promise<unknown[][]> {
  const groups = metadata.row_groups;
  const rowStart = groups.slice(0, group).reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
  const { num_rows = 0, total_byte_size = 0 } = groups[group] ?? {};
  bounded(Number(total_byte_size), most.group, "a group of rows");
  const rowEnd = rowStart + Number(num_rows);
  const rows = await parquetReadObjects({
    file,
    metadata,
    columns: [...columns],
    rowStart,
    rowEnd,
    utf8: false,
    compressors,
  });
  return rows.map((row) => columns.map((column) => row[column]));
}

async function bufferOf(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const length = bounded(Math.min(end, size) - start, most.slice, "what it asks for at once");
      const { buffer } = await handle.read(new Uint8Array(length), 0, length, start);
      return buffer.buffer as ArrayBuffer;
    },
  };
}

function bounded(length: number, limit: number, what: string): number {
  if (!(length >= 0 && length <= limit)) throw new Error(`${what} has ${length} bytes, and at most ${limit} are read`);
  return length;
}

const page = (length: number): Uint8Array<ArrayBuffer> => new Uint8Array(bounded(length, most.page, "a page"));

const compressors = {
  SNAPPY: (input: Uint8Array, length: number) => {
    const output = page(length);
    snappyUncompress(input, output);
    return output;
  },
  GZIP: (input: Uint8Array, length: number): Uint8Array =>
    gunzipSync(input, { maxOutputLength: Math.max(1, bounded(length, most.page, "a page")) }),
  ZSTD: (input: Uint8Array, length: number) => decompress(input, page(length)),
};
