export * from "./deps.ts";
export * from "./signatures.ts";
