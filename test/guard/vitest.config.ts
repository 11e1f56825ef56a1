import { defineConfig } from "vitest/config";

/** The tests of what computes in libtorch's memory, without the databases that others need. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ["packages/{tfjs-backend-torch,training-ops,engine}/src/**/*.test.ts"],
    // Its memory is TensorFlow's, the compiler is NVIDIA's.
    exclude: ["packages/*/src/{tensorflow.test.ts,tensorflow/**,nvrtc.test.ts}"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000, // every block costs three calls of the system, and a machine may be busy
    hookTimeout: 600_000,
  },
});
