import type { Model, ModelNode, NodeOf } from "@reluctant/relu";

/** What is computed in one pass with the ReLU that alone reads it. */
export interface BeforeRelu {
  norm: NodeOf<"batch-norm"> | null;
  /** A residual block's sum, and the node added to `norm`, or to the sum's first term where no norm is fused. */
  sum: { node: NodeOf<"add">; residual: string } | null;
}

/** By ReLU layer. A node that something else reads, or that PRAM compares, stays on its own. */
export function fusedIntoRelus(model: Model): Map<string, BeforeRelu> {
  const readers = new Map<string, number>();
  for (const name of [...model.nodes.flatMap(inputsOf), ...model.groups])
    readers.set(name, (readers.get(name) ?? 0) + 1);
  const readOnce = <Op extends ModelNode["op"]>(name: string, op: Op): NodeOf<Op> | null => {
    const node = model.nodes.find((candidate) => candidate.name === name);
    return node?.op === op && readers.get(name) === 1 ? (node as NodeOf<Op>) : null;
  };
  const before = (from: string): BeforeRelu => {
    const sum = readOnce(from, "add");
    if (!sum) return { norm: readOnce(from, "batch-norm"), sum: null };
    const first = readOnce(sum.from, "batch-norm");
    const norm = first ?? readOnce(sum.with, "batch-norm");
    return { norm, sum: { node: sum, residual: norm && !first ? sum.from : sum.with } };
  };
  return new Map(model.nodes.flatMap((node) => (node.op === "relu" ? [[node.name, before(node.from)] as const] : [])));
}

const inputsOf = (node: ModelNode): string[] => [
  ...("from" in node ? [node.from] : []),
  ...("with" in node ? [node.with] : []),
];
