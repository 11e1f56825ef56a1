/**
 * npm run migration -- create NAME   writes prisma/migrations/…_NAME from what changed in prisma/schema.prisma, or else in
 *                                    prisma/views
 * npm run migration -- drift         prints what the migrations lack, and fails when they lack something
 *
 * Runs on DATABASE_URL when set, else on a Postgres of its own; needs the built packages (`npm run build`).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "@reluctant/local";
import { createMigration, findDrift } from "./drift.mjs";

const root = join(import.meta.dirname, "..");
const [command, name] = process.argv.slice(2);
const isCreate = command === "create" && /^[a-z0-9_]+$/.test(name ?? "");
if (!isCreate && command !== "drift") {
  console.error("Usage: npm run migration -- create NAME | drift      (NAME: lower-case letters, digits and _)");
  process.exit(2);
}

const dir = mkdtempSync(join(tmpdir(), "reluctant-migration-"));
const own = process.env.DATABASE_URL ? undefined : await startPostgres({ dir, ephemeral: true });
try {
  const project = {
    databaseUrl: process.env.DATABASE_URL ?? own.url,
    schemaFile: join(root, "prisma/schema.prisma"),
    viewsFolder: join(root, "prisma/views"),
    migrationsFolder: join(root, "prisma/migrations"),
  };
  if (isCreate) {
    console.log(
      (await createMigration(project, name)) ?? "Nothing to migrate: the migrations already produce the schema.",
    );
  } else {
    const drift = await findDrift(project);
    console.log(drift || "No drift: the migrations produce the schema.");
    process.exitCode = drift ? 1 : 0;
  }
} finally {
  await own?.stop();
  rmSync(dir, { recursive: true, force: true });
}
