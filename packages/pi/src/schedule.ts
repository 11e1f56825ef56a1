import type { Phase } from "./costs.ts";

/**
 * When each kind of layer does what needs no image: linear layers their correlations, ReLUs their circuits or triples. One
 * program follows it; the published systems differ in this and in the blocks that they name.
 */
export interface Schedule {
  linear: Phase;
  relus: Phase;
}

/** All before there is an image, as DELPHI has it. */
export const allOffline: Schedule = { linear: "offline", relus: "offline" };

/**
 * What the client's choice bits of a ReLU layer are when it is prepared: those of its share of the input, or random ones where a
 * linear layer gives that share only later.
 */
export type Choices = "of the share" | "random";

export const choicesOf = ({ linear, relus }: Schedule): Choices =>
  linear === "online" && relus === "offline" ? "random" : "of the share";
