import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ReluctantError } from "@reluctant/contracts";
import { engineOf } from "@reluctant/testkit";
import { expect, test } from "vitest";
import { createProbe, probeEngine } from "./probe.ts";

const childScript = new URL("../dist/child.js", import.meta.url);

test("a backend that is asked for and not here is named with what it lacks, without a stack", async () => {
  const env = { ...process.env, RELUCTANT_BACKEND: "tensorflow", LIBTENSORFLOW: "/nowhere" };
  const error = await probeEngine({ childScript, env }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ReluctantError);
  expect((error as Error).message).toMatch(/^backend tensorflow: LIBTENSORFLOW=\/nowhere has no .*adds it$/);
});

test("slots that start together are probed once, and whoever starts later sees what has changed since", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-probe-"));
  const script = join(folder, "child.mjs");
  const seen = JSON.stringify(join(folder, "seen"));
  const failure = JSON.stringify({ code: "internal", fatal: true, message: "no GPU", step: null });
  await writeFile(
    script,
    `import { appendFileSync, readFileSync } from "node:fs";
    appendFileSync(${seen}, ".");
    const place = readFileSync(${seen}).length;
    const engine = { ...${JSON.stringify(engineOf())}, device: "as found by probe " + place };
    const answer = place === 2 ? { type: "failed", failure: ${failure} } : { type: "ready", engine };
    process.send(answer, () => process.exit(0));`,
  );
  const probe = createProbe(pathToFileURL(script));
  const found = await Promise.all([probe(process.env), probe(process.env), probe(process.env)]);
  expect(found.map(({ device }) => device)).toEqual(Array(3).fill("as found by probe 1"));
  await expect(probe(process.env)).rejects.toThrow("no GPU");
  expect(await probe(process.env)).toMatchObject({ device: "as found by probe 3" });
  await rm(folder, { recursive: true });
});
