/** Answers of an API in the middle of a sweep. */
export * from "./cluster-fixtures.ts";
export * from "./experiment-fixtures.ts";
export * from "./frontier-fixtures.ts";
export { uuid } from "./names.ts";
export * from "./stage-run-fixtures.ts";
