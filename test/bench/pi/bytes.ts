import {
  allOffline,
  type LinearProtocolName,
  type PrivateNetwork,
  type ReluProtocolName,
  type Schedule,
  type StepOf,
  stepsOf,
} from "@reluctant/pi";
import {
  andsByRound,
  baseTransfers,
  bytesOfPacking,
  choicesOf,
  ciphertextBytes,
  circuitOf,
  packingOf,
  pointBytes,
  ringBits,
} from "@reluctant/pi/units";

/** Bytes of one inference, each way. */
export interface Bytes {
  toClient: number;
  toServer: number;
}

type Phases = Record<"offline" | "online", Bytes>;

/** What a kept unit takes before there is an image or after, and what then; more where choices are random. */
interface UnitBytes {
  prepared: Bytes;
  online: Bytes;
  chosenLate: Bytes;
}

/** What docs/private-inference.md says of a kept unit, without headers and without what fills up words. */
const ofUnit: Record<ReluProtocolName, (signBits: StepOf<"relu">["signBits"]) => UnitBytes> = {
  garbled: (signBits) => ({
    prepared: { toClient: 32 * circuitOf(signBits).ands, toServer: 16 * (signBits + ringBits) },
    online: { toClient: 16 * signBits, toServer: ringBits / 8 },
    chosenLate: { toClient: 16 * signBits, toServer: signBits / 8 },
  }),
  gmw(signBits) {
    const carries = signBits - 1;
    const ands = andsByRound(carries).reduce((total, each) => total + each, 0);
    const openings = (2 * ands) / 8;
    const flipsAndProduct = 1 / 8 + 8;
    return {
      prepared: { toClient: 16 * (ands + 1), toServer: 16 * (ands + 1 + carries) },
      online: { toClient: carries / 8 + openings + flipsAndProduct, toServer: openings + flipsAndProduct + 8 },
      chosenLate: { toClient: 0, toServer: carries / 8 },
    };
  },
};

/** What a protocol's base transfers take, one run of them or one in each direction; the server chooses in the first. */
const baseBytes: Record<ReluProtocolName, Bytes> = {
  garbled: { toClient: baseTransfers * pointBytes, toServer: pointBytes },
  gmw: { toClient: (baseTransfers + 1) * pointBytes, toServer: (baseTransfers + 1) * pointBytes },
};

/** By the formula: base transfers, all ReLUs, encrypted linear layers and their key, the masked image and the share of the logits. */
export function bytesByFormula(
  { architecture }: PrivateNetwork,
  {
    relus,
    linear = "dealer",
    schedule = allOffline,
  }: { relus: ReluProtocolName; linear?: LinearProtocolName; schedule?: Schedule },
): Phases {
  const { steps } = architecture;
  const total: Phases = {
    offline: { ...baseBytes[relus] },
    online: { toClient: 8 * (steps.at(-1)?.size ?? 0), toServer: 8 * (steps[0]?.size ?? 0) },
  };
  const count = (phase: keyof Phases, { toClient, toServer }: Bytes, times = 1) => {
    total[phase].toClient += times * toClient;
    total[phase].toServer += times * toServer;
  };
  for (const { kept, signBits } of stepsOf(architecture, "relu")) {
    const unit = ofUnit[relus](signBits);
    count(schedule.relus, unit.prepared, kept.length);
    count("online", unit.online, kept.length);
    if (choicesOf(schedule) === "random") count("online", unit.chosenLate, kept.length);
  }
  if (linear !== "he") return total;
  total.offline.toServer += ciphertextBytes; // the key
  for (const { name, shape } of stepsOf(architecture, "linear"))
    count(schedule.linear, bytesOfPacking(packingOf(name, shape)));
  return total;
}
