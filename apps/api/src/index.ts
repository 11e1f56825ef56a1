export { createApp } from "./app.ts";
export type { AppDeps } from "./deps.ts";
export { defaultLimits, type Limits } from "./limits.ts";
export { openApiDocument } from "./openapi.ts";
export { routes } from "./routes/index.ts";
export { createApiServer } from "./server.ts";
