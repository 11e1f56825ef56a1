const words = new Set("and or unless by without on ignoring group_left group_right bool offset inf nan".split(" "));

/** Names of the metrics that an expression reads, each once. */
export function metricsIn(expression: string): string[] {
  const rest = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"|\{[^{}]*\}|\[[^\]]*\]/g, (part) => (part.startsWith("{") ? " " : "")) // labels, ranges, texts
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, " ");
  const names = [...rest.matchAll(/(?<![\w.])[a-zA-Z_:][\w:]*(?!\w*\s*\()/g)].map(([name]) => name);
  return [...new Set(names.filter((name) => !words.has(name.toLowerCase())))];
}
