/**
 * What of a sanitizer's report is ours. Every wrong use of memory and all undefined behavior is. A leak is when the addon
 * or a library of operators is among the callers: Node, Python and shells, which the search for libtorch starts, free nothing when they end. Nor does
 * Node free what stands for a promise before it is settled, and a process that ends settles none.
 * @returns {string[]} one text for each finding
 */
export function findingsIn(report) {
  const leaks = report.split(/\n(?=(?:Direct|Indirect) leak of )/).slice(1);
  const ours = leaks
    .map((leak) => leak.split("\n\n")[0])
    .filter(
      (leak) =>
        /\b(tfjs_torch\.node|training_ops\.so|pi\.node)\b/.test(leak) && !/#1 .* in napi_create_promise /.test(leak),
    );
  const isWrong = /ERROR: AddressSanitizer|runtime error:|CHECK failed/.test(report);
  return isWrong ? [report, ...ours] : ours;
}
