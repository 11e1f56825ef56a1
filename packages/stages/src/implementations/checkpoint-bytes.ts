/** What checkpoints hold, in bytes; each implementation adds up its own. */
import { type Model, nodesOf, parameterCount, reluCount } from "@reluctant/relu";

export const floatBytes = 4;

/** Running means and variances; also a batch norm's scales and offsets. */
export const statisticCount = (model: Model): number =>
  nodesOf(model, "batch-norm").reduce((sum, { shape }) => sum + 2 * shape[2], 0);

/** A network: weights with the batch norms' statistics. */
export const networkBytes = (model: Model): number => floatBytes * (parameterCount(model) + statisticCount(model));

/** A network under SGD, which remembers one value a parameter. */
export const sgdBytes = (model: Model): number => networkBytes(model) + floatBytes * parameterCount(model);

/** A network with one trainable value a ReLU under Adam, which remembers two values of everything trained. */
export const adamBytes = (model: Model): number =>
  networkBytes(model) + 2 * floatBytes * (parameterCount(model) + reluCount(model));

/** Masks as bits. */
export const maskBytes = (model: Model): number => reluCount(model) / 8;
