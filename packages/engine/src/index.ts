export { BackendUnavailableError, type BackendName, type BackendOptions, backendNames } from "./backends.ts";
export { createEngine } from "./engine.ts";
