export { createApp } from "./app.ts";
export type { AppDeps } from "./deps.ts";
export { openApiDocument } from "./openapi.ts";
export { routes } from "./routes/index.ts";
