import type { CostAxis, LinearProtocol, PiSpec, PiSystem, ReluProtocol } from "@reluctant/contracts";

/** When a block of a system does what needs no image: before there is one, or after. */
type When = "offline" | "online";

/** Cost of a phase: of all multiply–accumulates of the network and all its ReLUs together. */
interface UnitCosts {
  secondsPerMac: number;
  bytesPerMac: number;
  secondsPerRelu: number;
  bytesPerRelu: number;
}

export interface PiSystemPreset {
  title: string;
  /** What computes the linear layers and the ReLUs, by which of our blocks, the first unless another is named, and when. */
  linear: { block: string; by: readonly [LinearProtocol, ...LinearProtocol[]]; when: When };
  relus: { block: string; by: readonly [ReluProtocol, ...ReluProtocol[]]; when: When };
  /** What of the system its measurements here lack, or have in its place; null where nothing is. */
  leavesOut: string | null;
  /** Published constants, on the machines and networks of their authors: what they give is a model, never a measurement. */
  published: { offline: UnitCosts; online: UnitCosts; source: string };
}

const nothing: UnitCosts = { secondsPerMac: 0, bytesPerMac: 0, secondsPerRelu: 0, bytesPerRelu: 0 };

/** ResNet-18 at 32 × 32, as Cryptonite measured DELPHI. */
const resnet18 = { macs: 0.555e9, relus: 557_056 };
/** MiniONN's network for CIFAR-10, which GAZELLE takes, too: seven convolutions of at most 64 channels. */
const minionn = { macs: 61.1e6, relus: 173_056 };
/** ResNet-50 at 224 × 224. */
const resnet50 = { macs: 4.09e9 };

/**
 * The systems as data. Where a paper tells of a whole network alone, its cost is laid to what dominates it: garbled circuits to
 * ReLUs, homomorphic encryption to multiply–accumulates. How, and from where, stands in docs/private-inference.md.
 */
export const piSystemPresets: Record<PiSystem, PiSystemPreset> = {
  delphi: {
    title: "DELPHI",
    linear: { block: "homomorphic encryption, or a dealer in its place", by: ["dealer", "he"], when: "offline" },
    relus: { block: "garbled circuits", by: ["garbled", "gmw"], when: "offline" },
    leavesOut: null,
    published: {
      offline: { ...nothing, secondsPerMac: 286 / resnet18.macs, bytesPerRelu: 17_072 + 2_016 },
      online: { ...nothing, secondsPerRelu: 22e-6, bytesPerRelu: 1_184 },
      source: "Garimella et al., Cryptonite, 2021: ResNet-18 and one ReLU",
    },
  },
  gazelle: {
    title: "GAZELLE",
    linear: { block: "homomorphic encryption", by: ["he"], when: "online" },
    relus: { block: "garbled circuits", by: ["garbled"], when: "offline" },
    leavesOut: "packed by coefficients, without GAZELLE's SIMD slots and rotations",
    published: {
      offline: { ...nothing, secondsPerRelu: 9.34 / minionn.relus, bytesPerRelu: 940e6 / minionn.relus },
      online: {
        secondsPerMac: (3.56 - 13.6e-6 * minionn.relus) / minionn.macs,
        bytesPerMac: (296e6 - 1_680 * minionn.relus) / minionn.macs,
        secondsPerRelu: 13.6e-6,
        bytesPerRelu: 1_680,
      },
      source: "Juvekar et al., USENIX Security 2018: CIFAR-10, and 10,000 ReLUs",
    },
  },
  minionn: {
    title: "MiniONN",
    linear: { block: "dot-product triples by homomorphic encryption", by: ["he", "dealer"], when: "offline" },
    relus: { block: "garbled circuits", by: ["garbled"], when: "online" },
    leavesOut: "triples packed by coefficients, without MiniONN's SIMD slots",
    published: {
      offline: { ...nothing, secondsPerMac: 472 / minionn.macs, bytesPerMac: 3_046e6 / minionn.macs },
      online: { ...nothing, secondsPerRelu: 72 / minionn.relus, bytesPerRelu: 6_226e6 / minionn.relus },
      source: "Liu et al., CCS 2017: CIFAR-10",
    },
  },
  cheetah: {
    title: "Cheetah",
    linear: { block: "homomorphic encryption without rotations", by: ["he"], when: "online" },
    relus: { block: "comparisons by silent oblivious transfer", by: ["gmw"], when: "online" },
    leavesOut: "comparison by IKNP and bit triples instead of silent oblivious transfer: more bytes",
    published: {
      offline: nothing,
      online: { ...nothing, secondsPerMac: 150 / resnet50.macs, bytesPerMac: 2.3e9 / resnet50.macs },
      source: "Huang et al., USENIX Security 2022: ResNet-50 over a wide-area network, as a whole",
    },
  },
};

/** The blocks that a spec's `pi` takes: those that it names, else its system's own. */
export const blocksOf = ({
  system,
  protocols,
  linear,
}: PiSpec): { protocols: ReluProtocol[]; linear: LinearProtocol } => ({
  protocols: protocols ?? [piSystemPresets[system].relus.by[0]],
  linear: linear ?? piSystemPresets[system].linear.by[0],
});

/** The system that an implementation of private inference measures. */
export const systemOf = (implementation: string): PiSystem =>
  implementation.slice("private-inference/".length) as PiSystem;

/** Milliseconds and bytes both ways. */
export interface ModelledPhase {
  ms: number;
  bytes: number;
}

/** What an inference of a network would cost in a system, by its published constants. */
export function modelledCost(
  system: PiSystem,
  { macs, relus }: { macs: number; relus: number },
): Record<When, ModelledPhase> {
  const { offline, online } = piSystemPresets[system].published;
  const costOf = ({ secondsPerMac, bytesPerMac, secondsPerRelu, bytesPerRelu }: UnitCosts): ModelledPhase => ({
    ms: 1_000 * (secondsPerMac * macs + secondsPerRelu * relus),
    bytes: bytesPerMac * macs + bytesPerRelu * relus,
  });
  return { offline: costOf(offline), online: costOf(online) };
}

/** The same as a place on an axis of cost. */
export function modelledOn(axis: CostAxis, system: PiSystem, network: { macs: number; relus: number }): number {
  const { offline, online } = modelledCost(system, network);
  return { "online-latency": online.ms, "online-bytes": online.bytes, total: offline.ms + online.ms }[axis];
}
