export { deployMigrations } from "./migrate.ts";
