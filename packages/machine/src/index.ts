export * from "./cache-folder.ts";
export * from "./exclusive-folder.ts";
export * from "./file-hash.ts";
export * from "./process-group.ts";
export * from "./processor-time.ts";
