import type { Engine } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect } from "vitest";
import { networksConform } from "./conformance/networks.ts";
import { runsConform } from "./conformance/runs.ts";
import { searchConforms } from "./conformance/search.ts";
import { trainingConforms } from "./conformance/training.ts";

/**
 * The tests that an engine passes on every backend: its numbers are float64's, a step changes what it should and nothing
 * else, and no tensor is left.
 * @param open makes the engine, and its backend TensorFlow.js's current one
 * @param missing why there is none on this machine, which the report then shows
 */
export function engineConformance(name: string, open: () => Promise<Engine>, missing: string | null): void {
  describe.skipIf(missing !== null)(
    `the engine on ${name}${missing === null ? "" : ` [skipped: ${missing}]`}`,
    { timeout: 120_000 },
    () => {
      let engine: Engine;
      beforeAll(async () => {
        engine = await open();
      });
      afterEach(() => {
        engine.release();
        expect(tf.memory().numTensors).toBe(0);
      });
      const engineOf = () => engine;

      networksConform(engineOf);
      trainingConforms(engineOf);
      searchConforms(engineOf);
      runsConform(engineOf);
    },
  );
}
