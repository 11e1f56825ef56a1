/**
 * `node scripts/migrate.mjs`: applies to the database of DATABASE_URL the migrations that it lacks, and names them. Needs a
 * built checkout, or the image `control`, and a connection that no pooler stands before.
 */
import { deployMigrations } from "@reluctant/db";
import { root } from "./programs.mjs";

const { DATABASE_URL } = process.env;
if (!DATABASE_URL) {
  console.error("DATABASE_URL is not set: give the postgresql:// URL of the database to migrate");
  process.exit(2);
}
try {
  const applied = await deployMigrations(DATABASE_URL, `${root}/prisma/migrations`);
  console.log(
    applied.length === 0 ? "the database is up to date" : applied.map((name) => `applied ${name}`).join("\n"),
  );
} catch (error) {
  console.error(`the database was not migrated: ${error.message || error.code}`);
  process.exit(1);
}
