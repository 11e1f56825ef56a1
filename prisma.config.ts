import { defineConfig } from "prisma/config";

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  // Commands that only read the schema (`generate`, `validate`, `format`) ask for a URL but never use it.
  datasource: { url: process.env.DATABASE_URL ?? "postgresql://localhost:1/unused" },
});
