export * from "./database.ts";
export * from "./errors.ts";
export { Prisma, PrismaClient } from "./generated/client.ts";
export * from "./migrate.ts";
export * from "./statement.ts";
