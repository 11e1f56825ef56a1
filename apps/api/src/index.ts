export { createApp } from "./app.ts";
export type { AppDeps } from "./deps.ts";
export { problems } from "./http/problem.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { openApiDocument } from "./openapi.ts";
export { routes } from "./routes/index.ts";
export { createApiServer } from "./server.ts";
