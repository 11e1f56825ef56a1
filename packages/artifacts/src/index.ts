export * from "./postgres.ts";
export * from "./store.ts";
