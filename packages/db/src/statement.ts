import { readFileSync } from "node:fs";
import type { PostgresType } from "./postgres-types.ts";

/** Names, each with its type. */
export type Fields = Readonly<Record<string, PostgresType<unknown>>>;

/** What values of these fields are. */
export type ValuesOf<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends PostgresType<infer Value> ? Value : never;
};

/** A hand-written statement: the text of a file of `prisma/sql`, and the types of what it takes and gives. */
export interface Statement<Takes extends Fields, Gives extends Fields | null> {
  /** The file's name, by which Postgres can keep it prepared. */
  readonly name: string;
  /** With `$1`, `$2`, … where the file has names. */
  readonly text: string;
  /** The file's names, in the order of `$1`, `$2`, … */
  readonly parameters: readonly string[];
  readonly takes: Takes;
  /** Columns of its rows; null when it answers none. */
  readonly gives: Gives;
}

/** A row of a statement. */
export type RowOf<S> = S extends Statement<Fields, infer Gives extends Fields> ? ValuesOf<Gives> : never;

/** Beside `packages/`, so the same from `src` and from `dist`. */
const folder = new URL("../../../prisma/sql/", import.meta.url);

/**
 * The statement of `prisma/sql/<name>.sql`, whose text is read when the module loads. In it `:attemptId` stands for a value,
 * which is always bound. statement.integration.test.ts holds the types given here to those that Postgres finds in the text.
 */
export function statement<Takes extends Fields, Gives extends Fields | null = null>(
  name: string,
  { takes, gives }: { takes: Takes; gives?: Gives },
): Statement<Takes, Gives> {
  const text = readFileSync(new URL(`${name}.sql`, folder), "utf8");
  return { name, ...numbered(text), takes, gives: (gives ?? null) as Gives };
}

const anything: PostgresType<unknown> = { name: "unknown", nullable: true, encode: (value) => value };

/** A statement of its own, for tests: planned each time, since no file's name tells it from others. */
export function adHoc(written: string): Statement<Record<string, PostgresType<unknown>>, Fields> {
  const { text, parameters } = numbered(written);
  const takes = Object.fromEntries(parameters.map((parameter) => [parameter, anything]));
  return { name: "", text, parameters, takes, gives: {} };
}

/** A name, where it is none of what may hold a colon: a comment, a text, a quoted name, a cast. */
const nameOrOther = /--.*|'[^']*'|"[^"]*"|::|:([a-z]\w*)/gi;

/** Puts `$1`, `$2`, … in the place of names, each as often as it comes. */
export function numbered(text: string): { text: string; parameters: string[] } {
  const parameters: string[] = [];
  const put = (found: string, name: string | undefined): string => {
    if (name === undefined) return found;
    if (!parameters.includes(name)) parameters.push(name);
    return `$${parameters.indexOf(name) + 1}`;
  };
  return { text: text.replace(nameOrOther, put), parameters };
}
