import type { Model } from "@reluctant/relu";
import { foreignBiases } from "./biases.ts";
import { mapByKind, mapByOrder } from "./by-order.ts";
import { fileShapes, type Shapes } from "./layers.ts";
import { naturally, ourName, wrapperOf } from "./naming.ts";

/** Which tensor of our model each tensor of a file is, and what says so. */
export interface Mapping {
  /** Names of code lines that we know; these, and the shape of what they leave over; or the shapes of all layers in a row. */
  by: "name" | "shape" | "order";
  /** Before every name of the file, as `module.`; empty without. */
  wrapper: string;
  tensors: readonly MappedTensor[];
}

export interface MappedTensor {
  /** In the file, its wrapper included. */
  theirs: string;
  ours: string;
  shape: readonly number[];
}

/**
 * Resolves the names of a file's tensors: by known names, by the shapes of what these leave over, then by shapes and order.
 * @param isOrdered whether the file keeps the order in which the network was defined; names in natural order stand in for it
 * @throws Error naming what is missing, in the way, or ambiguous with its candidates
 */
export function mapTensors(shapes: Shapes, model: Model, { isOrdered }: { isOrdered: boolean }): Mapping {
  if (shapes.size === 0) throw new Error("the file holds no tensor");
  const wrapper = wrapperOf(shapes.keys());
  const unwrapped = new Map([...shapes].map(([name, shape]) => [name.slice(wrapper.length), shape]));
  const mappingOf = (by: Mapping["by"], ours: (name: string) => string): Mapping => ({
    by,
    wrapper,
    tensors: [...unwrapped].map(([name, shape]) => ({ theirs: wrapper + name, ours: ours(name), shape })),
  });

  const named = mappingOf("name", (name) => ourName(name, model.name));
  const problem = nameProblem(named, model);
  if (!problem) return named;
  requireStatistics(shapes, model);
  const leftOver = mapByKind(...leftOverBy(named, model));
  const completed = leftOver && mappingOf("shape", (name) => leftOver.get(wrapper + name) ?? ourName(name, model.name));
  if (completed && isKnown(named, model) && !nameProblem(completed, model)) return completed;

  const inOrder = isOrdered ? unwrapped : new Map([...unwrapped].sort(([a], [b]) => naturally(a, b)));
  const outcome = mapByOrder(inOrder, model);
  if ("problem" in outcome)
    throw new Error(isKnown(named, model) ? problem : `${unknownNames}, and ${outcome.problem}`);
  const ordered = mappingOf("order", (name) => outcome.ours.get(name) as string);
  requireAgreement(named, ordered, model);
  const unfit = nameProblem(ordered, model);
  if (unfit) throw new Error(`${unknownNames}; by shapes and order, ${unfit}`);
  return ordered;
}

/** Whoever exports for inference may lose what a batch norm was: it cannot be told from a convolution's bias. */
function requireStatistics(shapes: Shapes, model: Model): void {
  const isStatistic = (name: string) => name.endsWith("running_var");
  if ([...shapes.keys()].some(isStatistic) || ![...fileShapes(model).keys()].some(isStatistic)) return;
  throw new Error(
    "the file has no statistics of batch norms: they were folded into its convolutions, or left out; bring the checkpoint, or export with training=TrainingMode.PRESERVE and do_constant_folding=False",
  );
}

/** Whether a file's tensors are a model's, by the names of known code lines alone. */
export function fits(shapes: Shapes, model: Model): boolean {
  const wrapper = wrapperOf(shapes.keys());
  const tensors = [...shapes].map(([theirs, shape]) => ({
    theirs,
    ours: ourName(theirs.slice(wrapper.length), model.name),
    shape,
  }));
  return !nameProblem({ by: "name", wrapper, tensors }, model);
}

const unknownNames = "its tensors have the names of no code line that we know";

/** The file's tensors that have no name of ours, and those of ours that none in the file is named as. */
function leftOverBy({ tensors }: Mapping, model: Model): [theirs: Shapes, ours: Shapes] {
  const needed = fileShapes(model);
  const foreign = foreignBiases(model);
  const found = new Set(tensors.map(({ ours }) => ours));
  const unnamed = tensors.filter(({ ours }) => !needed.has(ours) && !foreign.has(ours));
  return [
    new Map(unnamed.map(({ theirs, shape }) => [theirs, shape])),
    new Map([...needed].filter(([name]) => !found.has(name))),
  ];
}

/** Most names are ours, so what does not fit is the fault of the rest. */
function isKnown({ tensors }: Mapping, model: Model): boolean {
  const needed = fileShapes(model);
  return tensors.filter(({ ours }) => needed.has(ours)).length > tensors.length / 2;
}

/** Undefined where the names and shapes are our model's, but for biases that are taken into what follows. */
function nameProblem({ tensors }: Mapping, model: Model): string | undefined {
  const found = new Map<string, MappedTensor>();
  for (const tensor of tensors) {
    if (found.has(tensor.ours)) return `two tensors of the file are "${tensor.ours}", the second as "${tensor.theirs}"`;
    found.set(tensor.ours, tensor);
  }
  const needed = fileShapes(model);
  const missing = [...needed.keys()].filter((name) => !found.has(name));
  if (missing.length > 0 && missing.every((name) => name.includes(".downsample.")))
    return `tensor "${missing[0]}" of ${model.name} is missing: found ${found.size} tensors of a ${model.name} with parameter-free shortcuts, which is another function`;
  for (const [name, shape] of needed) {
    const tensor = found.get(name);
    if (!tensor)
      return `tensor "${name}" of ${model.name} is missing: the file has ${needed.size - missing.length} of its ${needed.size} tensors`;
    if (!isShape(tensor.shape, shape))
      return `tensor "${tensor.theirs}" has shape [${tensor.shape}]; ${model.name} needs [${shape}]`;
  }
  const foreign = foreignBiases(model);
  const unknown = tensors.find(({ ours }) => !needed.has(ours) && !foreign.has(ours));
  return unknown && `tensor "${unknown.theirs}" is not part of ${model.name}; another model, or other classes?`;
}

/** As the model needs it; a dense layer may be a 1×1 convolution, as our own files have it. */
const isShape = (shape: readonly number[], needed: readonly number[]): boolean =>
  shape.join() === needed.join() || (needed.length === 2 && shape.join() === [...needed, 1, 1].join());

/** A name of ours that the order gives another meaning is evidence against the order. */
function requireAgreement(named: Mapping, ordered: Mapping, model: Model): void {
  const needed = fileShapes(model);
  named.tensors.forEach(({ theirs, ours }, at) => {
    const other = ordered.tensors[at]?.ours;
    if (needed.has(ours) && other !== ours)
      throw new Error(
        `tensor "${theirs}" is "${ours}" by its name and "${other}" by its shape and place; rename the file's tensors as torchvision does`,
      );
  });
}
