export * from "./builders.ts";
export * from "./database.ts";
export * from "./setup.ts";
