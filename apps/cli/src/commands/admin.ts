import { ReluctantError } from "@reluctant/contracts";
import type { Command } from "commander";
import { joinFile, unreachable } from "../join-installation.ts";
import { note, print, write } from "../terminal/print.ts";

interface WorkerRoleFlags {
  name: string;
  database?: string;
}

interface JoinFileFlags extends WorkerRoleFlags {
  redis?: string;
}

/** What only the database's owner may do: asked of Postgres itself, not of the API. */
export const admin = (program: Command): Command => {
  const command = program.command("admin").description("what takes the database's own password");
  command
    .command("worker-role")
    .description("make a role of Postgres that may do what workers do and nothing else; prints their DATABASE_URL")
    .option("--name <role>", "what the role is called", "reluctant_worker")
    .option("--database <url>", "Postgres, as the database's owner (DATABASE_URL)")
    .action(async ({ name, database = process.env.DATABASE_URL }: WorkerRoleFlags) => {
      if (!database)
        throw new ReluctantError(
          "invalid-request",
          "admin worker-role needs DATABASE_URL, or --database, of the owner",
        );
      const { makeWorkerRole } = await import("@reluctant/db");
      const { url } = await makeWorkerRole(database, { name });
      if (url) print(url);
      else note(`${name} was there: its rights are now those of this version, its password stays`);
    });
  command
    .command("join-file")
    .description("make such a role, and print what `reluctant worker --join FILE` takes on another machine")
    .option("--name <role>", "what the role is called, for instance after the machine", "reluctant_worker")
    .option("--database <url>", "Postgres, as the database's owner (DATABASE_URL)")
    .option("--redis <url>", "Redis (REDIS_URL)")
    .action(async ({ name, database = process.env.DATABASE_URL, redis = process.env.REDIS_URL }: JoinFileFlags) => {
      if (!database || !redis)
        throw new ReluctantError(
          "invalid-request",
          `admin join-file needs ${database ? "REDIS_URL, or --redis" : "DATABASE_URL, or --database, of the owner"}`,
        );
      const { makeWorkerRole } = await import("@reluctant/db");
      const { url } = await makeWorkerRole(database, { name });
      if (!url)
        throw new ReluctantError(
          "conflict",
          `the role ${name} was there, and its password was told when it was made: copy the file of then, or give --name of another`,
        );
      const { REDIS_PREFIX, RELUCTANT_ARTIFACTS } = process.env;
      const addresses = { DATABASE_URL: url, REDIS_URL: redis, REDIS_PREFIX, RELUCTANT_ARTIFACTS };
      for (const one of unreachable(addresses)) note(`note: ${one}`);
      write(joinFile(addresses));
    });
  return command;
};
