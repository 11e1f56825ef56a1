import { type Model, type NodeOf, nodesOf } from "./models/model.ts";

/** A node that no protocol of private inference computes, and why. */
export interface UnsupportedNode {
  name: string;
  /** What goes on after "there is no protocol for this node, which". */
  why: string;
}

/**
 * The first node for which private inference has no protocol; undefined where it can compute the whole model, whatever its
 * weights and masks. Batch norms are folded into convolutions.
 */
export function unsupportedNode(model: Model): UnsupportedNode | undefined {
  const [pool] = nodesOf(model, "max-pool");
  if (pool) return { name: pool.name, why: "is a max-pool" };
  const folded = new Set(foldableNorms(model).values());
  const norm = nodesOf(model, "batch-norm").find((each) => !folded.has(each));
  return (
    norm && {
      name: norm.name,
      why: `is a batch norm behind "${norm.from}": only one that stands alone behind a convolution can be folded into it`,
    }
  );
}

/** Batch norms by the convolution that each stands behind alone. */
export function foldableNorms(model: Model): Map<string, NodeOf<"batch-norm">> {
  const reads = new Map<string, number>();
  for (const node of model.nodes) {
    const from = [...("from" in node ? [node.from] : []), ...(node.op === "add" ? [node.with] : [])];
    for (const name of from) reads.set(name, (reads.get(name) ?? 0) + 1);
  }
  const convolutions = new Set(nodesOf(model, "conv").map(({ name }) => name));
  const norms = nodesOf(model, "batch-norm").filter(({ from }) => convolutions.has(from) && reads.get(from) === 1);
  return new Map(norms.map((norm) => [norm.from, norm]));
}
