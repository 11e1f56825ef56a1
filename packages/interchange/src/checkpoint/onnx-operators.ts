import { CheckpointError, quoted } from "./errors.ts";

/** A node of an ONNX graph, as far as it is asked what it computes. */
export interface Operation {
  name: string;
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
}

/** What the networks here consist of, as exporters write them; behind the logits a classifier may have its softmax. */
const known: ReadonlySet<string> = new Set([
  ...["Conv", "BatchNormalization", "Relu", "Add", "Gemm", "Softmax", "LogSoftmax"],
  ...["MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "Pad", "Slice", "Concat"],
  ...["Reshape", "Flatten", "Squeeze", "Identity", "Dropout", "Cast"],
]);

/** What these make of an activation are sizes, none of its numbers. */
const ofShapes: ReadonlySet<string> = new Set(["Shape", "Size"]);

/**
 * Refuses a graph of operators that no network here has: their weights alone would come in as another function. What is
 * computed of constants and sizes alone, as paddings are, may be anything.
 * @param constants names of the graph's initializers
 * @throws CheckpointError naming the node
 */
export function requireKnownOperators(graph: readonly Operation[], constants: Iterable<string>): void {
  const withoutImage = new Set(["", ...constants]); // an input left out has no name
  for (const { name, op, inputs, outputs } of graph) {
    if (ofShapes.has(op) || inputs.every((input) => withoutImage.has(input)))
      for (const output of outputs) withoutImage.add(output);
    else if (!known.has(op))
      throw new CheckpointError(
        `node ${quoted(name)} computes ${quoted(op)}, which no model here does; if the file is an export of ours, a tool dropped its metadata: export it again`,
      );
  }
}
