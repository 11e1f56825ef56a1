export interface CoordinatorConfig {
  databaseUrl: string;
  redisUrl: string;
  redisPrefix: string | undefined;
  logLevel: string;
}

/** Reads the environment once. @throws Error naming the variable that is missing */
export function readConfig(env: NodeJS.ProcessEnv): CoordinatorConfig {
  const required = (name: string) => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set; the coordinator cannot work without it`);
    return value;
  };
  return {
    databaseUrl: required("DATABASE_URL"),
    redisUrl: required("REDIS_URL"),
    redisPrefix: env.REDIS_PREFIX || undefined,
    logLevel: env.LOG_LEVEL || "info",
  };
}
