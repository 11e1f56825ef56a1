/**
 * The whole API as its document describes it: a commit that changes an answer, a bound or a field shows it in the kept file.
 * Record it anew with: GOLDEN=record npx vitest run test/golden/openapi.test.ts
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openApiDocument, routes } from "@reluctant/api";
import { expect, it } from "vitest";

const file = join(import.meta.dirname, "openapi.json");

it("the API is the one that openapi.json describes, or the file is recorded anew (see its test's head)", () => {
  const document = JSON.parse(JSON.stringify(openApiDocument(routes)));
  if (process.env.GOLDEN === "record") writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  expect(document).toEqual(JSON.parse(readFileSync(file, "utf8")));
});
