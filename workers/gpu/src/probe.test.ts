import { ReluctantError } from "@reluctant/contracts";
import { expect, test } from "vitest";
import { probeEngine } from "./probe.ts";

const childScript = new URL("../dist/child.js", import.meta.url);

test("a backend that is asked for and not here is named with what it lacks, without a stack", async () => {
  const env = { ...process.env, RELUCTANT_BACKEND: "tensorflow", LIBTENSORFLOW: "/nowhere" };
  const error = await probeEngine({ childScript, env }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ReluctantError);
  expect((error as Error).message).toMatch(/^backend tensorflow: LIBTENSORFLOW=\/nowhere has no .*adds it$/);
});
