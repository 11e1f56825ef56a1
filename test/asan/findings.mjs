/**
 * What of a sanitizer's report is ours. Every wrong use of memory and all undefined behavior is. A leak is when the addon
 * is among the callers: Node, Python and shells, which the search for libtorch starts, free nothing when they end.
 * @returns {string[]} one text for each finding
 */
export function findingsIn(report) {
  const leaks = report.split(/\n(?=(?:Direct|Indirect) leak of )/).slice(1);
  const ours = leaks.filter((leak) => leak.includes("tfjs_torch.node")).map((leak) => leak.split("\n\n")[0]);
  const isWrong = /ERROR: AddressSanitizer|runtime error:|CHECK failed/.test(report);
  return isWrong ? [report, ...ours] : ours;
}
