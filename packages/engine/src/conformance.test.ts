import { backendNames } from "@reluctant/contracts";
import { expect, it } from "vitest";
import { engineOrReason } from "./conformance/backends.ts";
import { engineConformance } from "./conformance.ts";
import { createEngine } from "./engine.ts";

const missing: string[] = [];
// TensorFlow's stands in tensorflow.test.ts.
for (const backend of backendNames.filter((name) => name !== "tensorflow")) {
  const { reason } = await engineOrReason(backend);
  if (reason !== null) missing.push(backend);
  engineConformance(backend, () => createEngine({ backend, threads: 1, precision: "fp32" }), reason);
}

it("runs on the backends that need nothing but npm", () => {
  expect(missing).not.toContain("wasm");
  expect(missing).not.toContain("cpu");
});
