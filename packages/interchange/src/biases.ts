import { type Model, type ModelNode, nodesOf } from "@reluctant/relu";
import { floatsOf, type HostTensor, type Tensors } from "@reluctant/stages";

/** Biases that a file's convolutions may have where ours have none. */
export const foreignBiases = (model: Model): ReadonlySet<string> =>
  new Set(nodesOf(model, "conv").flatMap(({ name, bias }) => (bias ? [] : [`${name}.bias`])));

/** What a channel of a node's output lacks, [channels]; null where it lacks nothing. */
type Lack = Float64Array | null;

/**
 * Takes such biases into what comes behind: a constant of a channel goes on through sums, pools and 1×1 convolutions, until
 * a batch norm's mean or a dense layer's bias takes it. The network's function stays, but for rounding.
 * @throws Error where one reaches a ReLU or a wider convolution, whose border sees it
 */
export function absorbBiases(tensors: Tensors, model: Model): Tensors {
  const foreign = foreignBiases(model);
  if (![...tensors.keys()].some((name) => foreign.has(name))) return tensors;
  const absorbed = new Map([...tensors].filter(([name]) => !foreign.has(name)));
  const lacks = new Map<string, Lack>();
  const values = (name: string, channels: number): Float32Array => {
    const found = floatsOf(tensors, name);
    if (found.length === channels) return found;
    throw new Error(`tensor "${name}" has ${found.length} values; ${model.name} needs ${channels}`);
  };
  const move = (name: string, by: (channel: number) => number) => {
    const { shape } = tensors.get(name) as HostTensor;
    const moved = Float32Array.from(floatsOf(tensors, name), (value, channel) => value + by(channel));
    absorbed.set(name, { shape, values: moved });
  };
  const lackOf = (node: ModelNode): Lack => {
    const read = "from" in node ? (lacks.get(node.from) ?? null) : null;
    switch (node.op) {
      case "input":
        return null;
      case "conv": {
        if (read && node.kernel > 1) throw cannot(node, read);
        const through = read && times(floatsOf(tensors, `${node.name}.weight`), read, node.shape[2]);
        const own = foreign.has(`${node.name}.bias`) && tensors.has(`${node.name}.bias`);
        return own ? plus(through, Float64Array.from(values(`${node.name}.bias`, node.shape[2]))) : through;
      }
      case "batch-norm":
        if (read) move(`${node.name}.running_mean`, (channel) => -(read[channel] as number));
        return null;
      case "relu":
        if (read) throw cannot(node, read);
        return null;
      case "add":
        return plus(read, lacks.get(node.with) ?? null);
      case "pad-channels":
        return read && Float64Array.from({ length: node.shape[2] }, (_, channel) => read[channel - node.before] ?? 0);
      case "max-pool":
      case "global-average-pool":
        return read;
      case "dense": {
        const through = read && times(floatsOf(tensors, `${node.name}.weight`), read, node.shape[2]);
        if (through) move(`${node.name}.bias`, (channel) => through[channel] as number);
        return null;
      }
    }
  };
  for (const node of model.nodes) lacks.set(node.name, lackOf(node));
  return absorbed;
}

const cannot = ({ name, op }: ModelNode, { length }: Float64Array) =>
  new Error(
    `the file's biases reach ${op} "${name}" in ${length} channels, where nothing can take them; save without biases`,
  );

const plus = (a: Lack, b: Lack): Lack =>
  a && b ? a.map((value, channel) => value + (b[channel] as number)) : (a ?? b);

/** weight [out, in] · x [in] */
const times = (weight: Float32Array, x: Float64Array, out: number): Float64Array =>
  Float64Array.from({ length: out }, (_, row) =>
    x.reduce((sum, value, column) => sum + value * (weight[row * x.length + column] as number), 0),
  );
