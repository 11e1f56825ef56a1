import { readFileSync } from "node:fs";
import type { Tx } from "./database.ts";

/** Beside `packages/`, so the same from `src` and from `dist`. */
const folder = new URL("../../../prisma/sql/", import.meta.url);

/**
 * The hand-written statement `prisma/sql/<name>.sql`: its text is read when the module loads, its values are always
 * bound. The file's header says what `$1`, `$2`, … are.
 */
export function statement<Parameters extends readonly unknown[], Row>(name: string) {
  const text = readFileSync(new URL(`${name}.sql`, folder), "utf8");
  return (t: Pick<Tx, "$queryRawUnsafe">, ...values: Parameters): Promise<Row[]> =>
    t.$queryRawUnsafe<Row[]>(text, ...values);
}
