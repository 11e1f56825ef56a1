import type { Engine } from "@reluctant/stages";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeAll, describe, expect } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { networksConform } from "./conformance/networks.ts";
import { runsConform } from "./conformance/runs.ts";
import { searchConforms } from "./conformance/search.ts";
import { trainingConforms } from "./conformance/training.ts";

/**
 * The tests that an engine passes on every backend: its numbers are float64's, a step changes what it should and nothing
 * else, and no tensor is left.
 * @param open makes the engine, and its backend TensorFlow.js's current one
 * @param missing why there is none on this machine
 */
export function engineConformance(name: string, open: () => Promise<Engine>, missing: string | null): void {
  describe(`the engine on ${name}`, { timeout: 120_000, ...skipFor(missing) }, () => {
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
  });
}
