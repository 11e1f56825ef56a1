export { BackendUnavailableError } from "./backend-unavailable.ts";
export type { BackendOptions } from "./backends.ts";
export { createEngine } from "./engine.ts";
