import { ReluctantError } from "@reluctant/contracts";
import type { Command } from "commander";
import { note, print } from "../terminal/print.ts";

interface WorkerRoleFlags {
  name: string;
  database?: string;
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
  return command;
};
