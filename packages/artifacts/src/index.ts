export { openArtifacts, postgresArtifacts } from "./artifacts.ts";
export { type ByteStore, StoreUnavailable } from "./byte-store.ts";
export { configuredArtifacts, openStores } from "./configured.ts";
export { type MoveProgress, type MoveReport, moveArtifacts } from "./move.ts";
export * from "./store.ts";
export { nameOf, parseLocations, type StoreLocation } from "./store-locations.ts";
