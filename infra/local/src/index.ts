export { workerCache } from "./cache.ts";
export type { Credentials } from "./credentials.ts";
export { emptyStackFolder } from "./folder.ts";
export { ensureDatabase, type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.ts";
export { createProcess, type Part, ProcessFailed, type ProcessSpec } from "./processes.ts";
export { type RedisOptions, type RedisServer, startRedis } from "./redis.ts";
export { type RunOptions, runStack, startUnlessInterrupted, untilInterrupted } from "./run.ts";
export { type ServiceKind, type Stack, type StackOptions, startStack } from "./stack.ts";
