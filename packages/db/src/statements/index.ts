/** Every statement, under its file's name in camel case. */
export * from "./access.ts";
export * from "./artifacts.ts";
export * from "./attempts.ts";
export * from "./datasets.ts";
export * from "./dispatch.ts";
export * from "./events.ts";
export * from "./experiments.ts";
export * from "./results.ts";
export * from "./screens.ts";
export * from "./stage-runs.ts";
export * from "./teams.ts";
export * from "./workers.ts";
