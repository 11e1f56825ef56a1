export { BackendUnavailableError } from "./backend-unavailable.ts";
export { type BackendName, type BackendOptions, backendNames } from "./backends.ts";
export { createEngine } from "./engine.ts";
