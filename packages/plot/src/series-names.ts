import type { FrontierPoint } from "@reluctant/contracts";

type Named = Pick<FrontierPoint, "method" | "source">;

/**
 * What the series of points are called: by their method; an import by the name that it came under, and what else is of several
 * given networks by both. Where two of one name are among the points, the first digits of their hashes tell them apart.
 */
export function seriesNames(points: readonly Named[]): (point: Named) => string {
  const hashes = new Map<string, Set<string>>();
  const sources = new Map<string, Set<string | null>>();
  for (const { method, source } of points) {
    added(sources, method, source?.sha256 ?? null);
    if (source?.name) added(hashes, source.name, source.sha256);
  }
  const nameOf = ({ sha256, name }: NonNullable<Named["source"]>): string => {
    const digits = sha256.slice(0, 8);
    if (!name) return digits;
    return (hashes.get(name)?.size ?? 0) > 1 ? `${name} ${digits}` : name;
  };
  return ({ method, source }) => {
    if (!source) return method;
    if (method === "imported" && source.name) return nameOf(source);
    const isShared = method === "imported" || (sources.get(method)?.size ?? 0) > 1;
    return isShared ? `${method}, ${nameOf(source)}` : method;
  };
}

function added<K, V>(sets: Map<K, Set<V>>, key: K, value: V): void {
  sets.set(key, (sets.get(key) ?? new Set()).add(value));
}
