/** The types of Postgres that statements take and give, and what each is in TypeScript. */
export interface PostgresType<Value> {
  /** As Postgres' `format_type` names it. */
  readonly name: string;
  readonly nullable: boolean;
  /** What is bound for a value. */
  encode(value: Value): unknown;
}

const type = <Value>(name: string, encode: (value: Value) => unknown = (value) => value): PostgresType<Value> => ({
  name,
  nullable: false,
  encode,
});

export const text = type<string>("text");
export const uuid = type<string>("uuid");
export const boolean = type<boolean>("boolean");
export const smallint = type<number>("smallint");
export const int = type<number>("integer");
export const bigint = type<bigint>("bigint", String);
export const float = type<number>("double precision");
export const timestamp = type<Date>("timestamp with time zone", (value) => value.toISOString());
export const bytes = type<Uint8Array>("bytea");

/** Text that is one of some words: a CHECK of the column, or the statement itself, gives no others. */
export const word = <Word extends string>(): PostgresType<Word> => type<Word>("text");

/** JSON; no other place writes any. */
export const json = <Value>(): PostgresType<Value> => type<Value>("jsonb", (value) => JSON.stringify(value));

export const arrayOf = <Value>({ name, encode }: PostgresType<Value>): PostgresType<Value[]> =>
  type(`${name}[]`, (values) => values.map((value) => encode(value)));

export const nullable = <Value>({ name, encode }: PostgresType<Value>): PostgresType<Value | null> => ({
  name,
  nullable: true,
  encode: (value) => (value === null ? null : encode(value)),
});
