export { type BackendName, type BackendOptions, BackendUnavailableError, backendNames } from "./backends.ts";
export { createEngine } from "./engine.ts";
