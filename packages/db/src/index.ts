export * from "./database.ts";
export * from "./errors.ts";
export { Prisma, PrismaClient } from "./generated/client.ts";
export * from "./installation.ts";
export * from "./migrate.ts";
export { adHoc, type RowOf, type ValuesOf } from "./statement.ts";
export * as sql from "./statements/index.ts";
export type { Statements } from "./statements.ts";
export { makeWorkerRole, type WorkerRole } from "./worker-role.ts";
