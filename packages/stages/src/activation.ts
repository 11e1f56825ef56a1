import { type Mask, type Model, onesOf, reluLayers } from "@reluctant/relu";

/**
 * What the units of one ReLU layer compute: relu(x) + s·(q(x) − relu(x)), where q is what may stand in for a ReLU (the
 * identity, or a polynomial of degree 2) and s the unit's share of it. The kinds differ in q and in where s comes from.
 * Values are in (h, w, c) order.
 */
export type Activation =
  /** s = 1 − mask, q(x) = x: SENet's partial ReLU. */
  | { kind: "masked-relu"; mask: Mask }
  /** s as given, q a polynomial for each channel: DELPHI's layers, and AutoReP's once its search is over. */
  | { kind: "polynomial"; share: Float32Array; coefficients: Polynomial }
  /** s = 1 − c, q(x) = x, with a trainable slope c for each unit, 1 at the start (SNL). */
  | { kind: "soft-mask" }
  /**
   * s = 1 − m, where the indicator m of a trainable score falls to 0 when the score falls below −hysteresis and rises to 1
   * when it rises above it, and q is the degree-2 fit of ReLU under a Gaussian with the channel's mean and variance
   * (AutoReP). The gradient passes the indicator as that of softplus.
   */
  | { kind: "scored-mask"; scores: Float32Array; hysteresis: number };

/** c₀, c₁, c₂ of c₀ + c₁x + c₂x² for each of C channels: [3, C], row-major. */
export type Polynomial = Float32Array;

/** DELPHI's fit of ReLU (method.md §9). */
export const delphiPolynomial = (channels: number): Polynomial =>
  Float32Array.from([0.1992, 0.5002, 0.1997].flatMap((coefficient) => Array<number>(channels).fill(coefficient)));

/** What removed units of a layer compute, by layer; the identity where there is none. */
export type Polynomials = ReadonlyMap<string, Polynomial>;

/** What a search decides: which units of each ReLU layer keep their ReLU, in the model's order, and what the others do. */
export interface PartialRelus {
  masks: readonly Mask[];
  polynomials: Polynomials;
}

/** The activations of a network whose removed units compute the identity. */
export const maskedRelus = (masks: readonly Mask[]): Activation[] =>
  masks.map((mask) => ({ kind: "masked-relu", mask }));

/** The activations of a partial-ReLU network. */
export const activationsOf = (model: Model, { masks, polynomials }: PartialRelus): Activation[] =>
  reluLayers(model).map(({ name }, layer) => {
    const mask = masks[layer] as Mask;
    const coefficients = polynomials.get(name);
    if (!coefficients) return { kind: "masked-relu", mask };
    return { kind: "polynomial", share: Float32Array.from(mask, (kept) => 1 - kept), coefficients };
  });

/** Units that compute a polynomial: where there are any, equal ReLU counts are not equal cost. */
export const polynomialUnits = (model: Model, { masks, polynomials }: PartialRelus): number =>
  reluLayers(model).reduce(
    (total, { name, units }, layer) => total + (polynomials.has(name) ? units - onesOf(masks[layer] as Mask) : 0),
    0,
  );
