/** Generates packages/db/src/generated from prisma/schema.prisma, unless it is there already for the same schema. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const stamp = join(root, "packages/db/src/generated/.schema-sha256");
const inputs = ["prisma/schema.prisma", "prisma.config.ts", "node_modules/prisma/package.json"];
const digest = createHash("sha256");
for (const input of inputs) digest.update(readFileSync(join(root, input)));
const wanted = digest.digest("hex");

if (readStamp() !== wanted) {
  execFileSync(process.execPath, [join(root, "node_modules/prisma/build/index.js"), "generate"], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    // `generate` asks for the schema engine but never runs it: any program will do, and nothing is downloaded.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", CHECKPOINT_DISABLE: "1" },
  });
  writeFileSync(stamp, wanted);
}

function readStamp() {
  try {
    return readFileSync(stamp, "utf8");
  } catch {
    return undefined;
  }
}
