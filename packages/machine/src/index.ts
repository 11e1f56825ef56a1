export * from "./exclusive-folder.ts";
export * from "./process-group.ts";
