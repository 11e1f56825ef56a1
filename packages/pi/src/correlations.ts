import type { StepOf } from "./network.ts";
import type { RingVector } from "./ring.ts";
import type { SquareAt } from "./square.ts";

/** The client's shares that a polynomial's units take: of the layer before, and of their squares. */
export interface QuadraticInput {
  x: RingVector;
  squares: RingVector;
}

/** What gives the client its correlations, for one inference: for its share r of a layer's input, W·r − s. */
export interface ClientCorrelations {
  linear(step: StepOf<"linear">, share: RingVector): Promise<RingVector>;
  /** Of a polynomial whose coefficients are secret. */
  quadratic(step: StepOf<"quadratic">, given: QuadraticInput): Promise<RingVector>;
  /** Its share of the squares, and what it does online. */
  square(at: SquareAt, share: RingVector): Promise<{ share: RingVector; online: () => Promise<void> }>;
}

/** What gives the server its own: s, uniform. */
export interface ServerCorrelations {
  linear(step: StepOf<"linear">): Promise<RingVector>;
  quadratic(step: StepOf<"quadratic">): Promise<RingVector>;
  /** What gives, from its share of the layer before, its share of the squares. */
  square(at: SquareAt): Promise<(share: RingVector) => Promise<RingVector>>;
}
