export { ensureDatabase, type PostgresOptions, type PostgresServer, startPostgres } from "./postgres.ts";
export { type Part, ProcessFailed } from "./processes.ts";
export { type RedisOptions, type RedisServer, startRedis } from "./redis.ts";
export { type Credentials, type ServiceKind, type Stack, type StackOptions, startStack } from "./stack.ts";
