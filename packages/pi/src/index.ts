export * from "./ring.ts";
export * from "./sharing.ts";
