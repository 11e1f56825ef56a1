import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * Where test files may share a process and what it has imported: a sixth of the tests' time went into importing anew. What
 * computes with TensorFlow.js stays apart, which keeps its backend in the process.
 */
const sharing = [
  "packages/{artifacts,contracts,control,datasets,db,interchange,machine,pi,pickle,plot,queue,relu,sdk,stages,telemetry}/src/**/*.test.ts",
  "apps/*/src/**/*.test.{ts,tsx}",
  "workers/*/src/**/*.test.ts",
  "infra/local/src/**/*.test.ts",
  "scripts/**/*.test.ts",
  "test/*.test.ts",
  "test/{asan,crash,deploy,imports}/**/*.test.ts",
  "test/golden/{names,openapi,plan-keys,stage-keys}.test.ts",
  "test/e2e/!(streamed-training).test.ts",
];

/** Of what computes, those that leave the backends as they were: loading libtorch takes longer than most of them. */
const computing = [
  "packages/training-ops/src/{accumulate,batch-norm,frozen,gradients,labels,losses,masked-relu,sgd,units}.test.ts",
];

const all = [
  "packages/*/src/**/*.test.ts",
  "apps/*/src/**/*.test.{ts,tsx}",
  "workers/*/src/**/*.test.ts",
  "infra/{local/src,gpu}/**/*.test.ts",
  "scripts/**/*.test.ts",
  "test/**/*.test.ts",
];

/** What starts a cluster comes before what takes a second, however short its file is: at the end no core waits for one of them. */
class ClustersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ project, moduleId }: TestSpecification) =>
      project.name !== "sharing" ? 0 : /\/test\/(crash|e2e)\//.test(moduleId) ? 1 : 2;
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ClustersFirst },
    globalSetup: "test/global-setup.ts",
    pool: "forks",
    // One more than the two cores of the smallest machine: a fourth of the tests' time they wait for processes and leases.
    maxWorkers: 3,
    // The advice of TensorFlow.js to install another backend, once for each test file.
    onConsoleLog: (text) => (text.includes("looks like you are running TensorFlow.js in Node.js") ? false : undefined),
    // A test that asserts nothing, as over a list that came out empty, fails.
    expect: { requireAssertions: true },
    // Tests with a database take under a second alone, and several when builds run beside them.
    testTimeout: 20_000,
    hookTimeout: 120_000, // one that starts the whole stack takes 5 s alone, and over 20 on a machine under load
    projects: [
      { extends: true, test: { name: "sharing", include: sharing, isolate: false } },
      { extends: true, test: { name: "computing", include: computing, isolate: false } },
      {
        extends: true,
        test: { name: "apart", include: all, exclude: ["**/node_modules/**", ...sharing, ...computing] },
      },
    ],
  },
});
