import { defineConfig } from "vitest/config";

/** The tests of what is in C++, without the databases that others need. */
export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: [
      "packages/{tfjs-backend-torch,training-ops}/src/**/*.test.ts",
      "packages/pi/src/{convolution,garbling,gate-hash,gmw,random-transfers,threaded-kernels,transfer}.test.ts",
      "packages/pi/src/he/{bfv,linear,transform}.test.ts",
    ],
    // Its memory is TensorFlow's, the compiler is NVIDIA's.
    exclude: ["packages/*/src/{tensorflow.test.ts,tensorflow/**,nvrtc.test.ts}"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 600_000, // instrumented code is slow, and so is a busy machine
    hookTimeout: 600_000,
  },
});
