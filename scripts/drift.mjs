/**
 * What lies between the migrations and what they are to produce: the tables of prisma/schema.prisma and the views of
 * prisma/views. Deploying is packages/db's `deployMigrations`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findSchemaDrift, lockName } from "./schema-engine.mjs";
import { findViewDrift } from "./views.mjs";

/** @typedef {{ databaseUrl: string, schemaFile: string, viewsFolder: string, migrationsFolder: string }} Project */

/**
 * What the migrations lack, as SQL; empty when they agree. Views are compared once the tables agree, since they may need what
 * the tables lack.
 * @param {Project} project the user of `databaseUrl` must be allowed to create databases; the database is left alone
 * @returns {Promise<string>}
 */
export async function findDrift(project) {
  return (await findSchemaDrift(project)) || (await findViewDrift(project));
}

/**
 * Writes the next migration: what the migrations lack. It is not applied.
 * @param {Project} project
 * @param {string} name
 * @returns {Promise<string | undefined>} the new migration's folder; undefined when there is nothing to migrate
 */
export async function createMigration(project, name) {
  const sql = await findDrift(project); // the engine's own createMigration cannot make a shadow database from 7.10's adapter
  if (!sql) return undefined;
  const folder = join(project.migrationsFolder, `${new Date().toISOString().replace(/\D/g, "").slice(0, 14)}_${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "migration.sql"), sql);
  writeFileSync(join(project.migrationsFolder, lockName), 'provider = "postgresql"\n');
  return folder;
}
