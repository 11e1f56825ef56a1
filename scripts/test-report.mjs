/** What a run of vitest came to, from its JSON report: decided here, printed by test.mjs. */

/**
 * Every test is counted once: as passed, failed or skipped.
 * @param {any} report what vitest's JSON reporter writes
 * @param {{ partial?: boolean, isAllowed?: (reason: string, test: string) => boolean }} options `partial`: `-t` left tests
 * out, which count as nothing; `isAllowed`: whether a test may be skipped for a reason, otherwise it counts as failed
 * @returns reasons: [reason, count] of the skipped, the most frequent first; faults: a line for all that failed
 */
export function tally(report, { partial = false, isAllowed = () => true } = {}) {
  const files = report.testResults;
  const tests = files.flatMap((file) => file.assertionResults);
  const left = tests.filter(({ status }) => status !== "passed" && status !== "failed");
  const skipped = left.filter(({ meta }) => meta.skipped);
  const allowed = skipped.filter((test) => isAllowed(test.meta.skipped, test.fullName));
  const refused = skipped.filter((test) => !allowed.includes(test));
  const silent = partial ? [] : left.filter(({ meta }) => !meta.skipped);

  const faults = [
    ...files.flatMap(failedTests),
    ...files.filter(isBroken).map(({ name }) => `${name} failed, and none of its tests`),
    ...silent.map(({ fullName }) => `not run, and no reason: ${fullName}`),
    ...refused.map(({ fullName, meta }) => `may not be skipped: ${fullName} (${meta.skipped})`),
    ...disagreements(report, tests, left),
  ];
  return {
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: faults.length,
    skipped: allowed.length,
    reasons: countsOf(allowed.map(({ meta }) => meta.skipped)),
    faults,
  };
}

const failedTests = ({ name, assertionResults }) =>
  assertionResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => `${name}: ${fullName}: ${failureMessages[0]?.split("\n")[0]}`);

/** A file that does not load has no tests to fail; one whose last hook fails has none that did. */
const isBroken = ({ status, assertionResults }) =>
  status === "failed" && assertionResults.every((test) => test.status === "passed" || test.meta.skipped);

/** The reporter's own sums, in case it comes to name a state in another way. */
function disagreements({ numPassedTests, numFailedTests, numPendingTests, numTodoTests }, tests, left) {
  const [theirs, ours] = [numPendingTests + numTodoTests, left.length];
  const all = numPassedTests + numFailedTests + theirs;
  return theirs === ours && all === tests.length
    ? []
    : [`vitest counts ${theirs} of ${all} tests as not run, its list ${ours} of ${tests.length}`];
}

function countsOf(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
