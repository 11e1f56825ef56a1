import { parseLocations, type StoreLocation } from "@reluctant/artifacts";
import { checkedRedisUrl } from "@reluctant/queue";
import { z } from "zod";

const given = (value: string | undefined) => (value === "" ? undefined : value);

const configSchema = z.object({
  DATABASE_URL: z
    .string("must be set: a postgresql:// URL")
    .regex(/^postgres(ql)?:\/\//, "must be a postgresql:// URL"),
  REDIS_URL: z.string("must be set: a redis:// URL or the path of a unix socket").min(1),
  REDIS_PREFIX: z
    .string()
    .regex(/^[\w-]{1,50}$/, "must be letters, digits, _ and -")
    .optional(),
  HOST: z.string().default("127.0.0.1"),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, "must be a port number")
    .transform(Number)
    .pipe(z.int().max(65_535))
    .default(7700),
  RELUCTANT_ARTIFACTS: z.string().default("postgres"),
  RELUCTANT_PUBLIC_URL: z
    .url({ protocol: /^https?$/, error: "must be the http(s):// address that browsers open" })
    .optional(),
  LOG_LEVEL: z.string().default("info"),
});
export type Config = Omit<z.output<typeof configSchema>, "RELUCTANT_ARTIFACTS"> & {
  RELUCTANT_ARTIFACTS: StoreLocation[];
};

/** Settings from the environment; an empty variable counts as unset. @throws Error that names every wrong variable */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const names = Object.keys(configSchema.shape);
  const result = configSchema.safeParse(Object.fromEntries(names.map((name) => [name, given(env[name])])));
  if (result.success) {
    const { RELUCTANT_ARTIFACTS: stores, REDIS_URL, ...settings } = result.data;
    return {
      ...settings,
      REDIS_URL: checkedRedisUrl(REDIS_URL),
      RELUCTANT_ARTIFACTS: parseLocations(stores, "RELUCTANT_ARTIFACTS"),
    };
  }
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "));
}
