import { type PrivateNetwork, type ReluProtocolName, type StepOf, stepsOf } from "@reluctant/pi";
import { andsByRound, circuitOf, ringBits } from "@reluctant/pi/units";

/** Bytes of one inference, each way. */
export interface Bytes {
  toClient: number;
  toServer: number;
}

type Phases = Record<"offline" | "online", Bytes>;

/** What docs/private-inference.md says of a kept unit, without headers and without what fills up words. */
const ofUnit: Record<ReluProtocolName, (signBits: StepOf<"relu">["signBits"]) => Phases> = {
  garbled: (signBits) => ({
    offline: { toClient: 32 * circuitOf(signBits).ands, toServer: 16 * (signBits + ringBits) },
    online: { toClient: 16 * signBits, toServer: ringBits / 8 },
  }),
  gmw(signBits) {
    const carries = signBits - 1;
    const ands = andsByRound(carries).reduce((total, each) => total + each, 0);
    const openings = (2 * ands) / 8;
    const flipsAndProduct = 1 / 8 + 8;
    return {
      offline: { toClient: 16 * (ands + 1), toServer: 16 * (ands + 1 + carries) },
      online: { toClient: carries / 8 + openings + flipsAndProduct, toServer: openings + flipsAndProduct + 8 },
    };
  },
};

/** By the formula: all ReLUs, the masked image and the share of the logits. */
export function bytesByFormula({ architecture }: PrivateNetwork, relus: ReluProtocolName): Phases {
  const { steps } = architecture;
  const total: Phases = {
    offline: { toClient: 0, toServer: 0 },
    online: { toClient: 8 * (steps.at(-1)?.size ?? 0), toServer: 8 * (steps[0]?.size ?? 0) },
  };
  for (const { kept, signBits } of stepsOf(architecture, "relu")) {
    const unit = ofUnit[relus](signBits);
    for (const phase of ["offline", "online"] as const)
      for (const way of ["toClient", "toServer"] as const) total[phase][way] += kept.length * unit[phase][way];
  }
  return total;
}
