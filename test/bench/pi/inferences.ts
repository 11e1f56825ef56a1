import {
  type Cost,
  keptReluCount,
  type Measurement,
  measure,
  type NetworkProfileName,
  type ReluProtocolName,
  type RingVector,
  totalOf,
} from "@reluctant/pi";
import { type Level, levelsHere, namedModel, readyNetwork } from "@reluctant/pi/units";
import type { Figure, Row } from "../rows.ts";
import { bytesByFormula } from "./bytes.ts";
import type { Case } from "./case.ts";

interface Inference {
  model: Parameters<typeof namedModel>[0];
  /** The share of ReLUs that stays. */
  kept: number;
  profile: NetworkProfileName;
  /** Of each party. */
  threads?: number;
  /** The ReLUs' protocol, garbled circuits unless named. */
  relus?: ReluProtocolName;
  /** Forces this level of instructions. */
  level?: Level;
  /** What the client's online time must not exceed. */
  atMostMs?: number;
  quick?: boolean;
}

/** Of ResNet-18's 557,056 ReLUs. */
const thousands = (relus: number): Pick<Inference, "model" | "kept"> => ({
  model: "resnet18",
  kept: relus === 557 ? 1 : relus / 557.056,
});

const all: Inference[] = [
  { model: "resnet8", kept: 0.1, profile: "loopback", quick: true },
  { model: "resnet20", kept: 0.1, profile: "loopback" },
  { model: "resnet20", kept: 0.5, profile: "loopback" },
  { model: "resnet20", kept: 0.1, profile: "lan" },
  { model: "resnet20", kept: 0.1, profile: "wan" },
  { model: "resnet20", kept: 0.1, profile: "loopback", relus: "gmw" },
  { model: "resnet20", kept: 0.1, profile: "lan", relus: "gmw" },
  { model: "resnet20", kept: 0.1, profile: "wan", relus: "gmw" },
  { ...thousands(50), profile: "loopback", level: "avx512", atMostMs: 300 },
  { ...thousands(50), profile: "loopback", level: "avx512", threads: 2 },
  { ...thousands(50), profile: "loopback", level: "avx2", atMostMs: 500 },
  { ...thousands(50), profile: "lan" },
  { ...thousands(50), profile: "wan" },
  { ...thousands(50), profile: "loopback", relus: "gmw" },
  { ...thousands(50), profile: "loopback", relus: "gmw", threads: 2 },
  { ...thousands(50), profile: "lan", relus: "gmw" },
  { ...thousands(50), profile: "wan", relus: "gmw" },
  { ...thousands(100), profile: "loopback" },
  { ...thousands(100), profile: "loopback", level: "avx2" },
  { ...thousands(557), profile: "loopback" },
];

/** How often the second image is inferred behind the first, which warms the compilers up: more where it is soon done. */
const counted = ({ profile, kept }: Inference): number => (profile === "loopback" && kept < 1 ? 3 : 1);

/** Medians of the client's costs, who waits for all. */
async function figuresOf(inference: Inference): Promise<Row[]> {
  const { model, kept, profile, threads = 1, relus = "garbled", level, atMostMs } = inference;
  if (level && !levelsHere().includes(level))
    return [{ case: nameOf(inference), notRun: `there is no level "${level}" here` }];
  const { network, images: both } = readyNetwork(namedModel(model), { seed: 1, kept, images: 2 });
  const [first, second] = both as [RingVector, RingVector];
  const images = [first, ...Array<RingVector>(counted(inference)).fill(second)];
  const measurement = await atLevel(level, () => measure({ network, images, profile, threads, relus }));
  const name = `${model}, ${keptReluCount(network.architecture)} ReLUs, ${relus}, ${profile}, ${measurement.levels.client}${inThreads(threads)}`;
  return figuresBesideFormula(name, measurement, { formula: bytesByFormula(network, { relus }), atMostMs });
}

/** Of the inferences behind the first, each phase's time and bytes, and how far these are off the formula. */
export function figuresBesideFormula(
  name: string,
  { client, label }: Pick<Measurement, "client" | "label">,
  { formula, atMostMs }: { formula: ReturnType<typeof bytesByFormula>; atMostMs?: number | undefined },
): Figure[] {
  const costs = client.slice(1);
  const phase = (of: "offline" | "online"): Figure[] => {
    const { ms, toClient, toServer, rounds } = medianOf(costs, of);
    const due = formula[of];
    const error = (bytes: number, by: number) => 100 * Math.abs(bytes / by - 1);
    const named = of === "offline" ? `offline (${label})` : "online";
    return [
      { case: `${name}, ${named}`, value: ms, unit: "ms", ...(of === "online" && atMostMs && { atMost: atMostMs }) },
      { case: `${name}, ${of} to the client`, value: toClient / 1e6, unit: "MB" },
      { case: `${name}, ${of} to the server`, value: toServer / 1e6, unit: "MB" },
      {
        case: `${name}, ${of} bytes, off the formula`,
        value: Math.max(error(toClient, due.toClient), error(toServer, due.toServer)),
        unit: "%",
        atMost: 5,
      },
      ...(of === "online" ? [{ case: `${name}, online rounds`, value: rounds, unit: "rounds" }] : []),
    ];
  };
  return [...phase("online"), ...phase("offline")];
}

function medianOf(costs: readonly Cost[][], phase: Cost["phase"]) {
  const totals = costs.map((each) => totalOf(each, phase)).sort((a, b) => a.ms - b.ms);
  const { ms, bytesReceived, bytesSent, rounds } = totals[totals.length >> 1] as (typeof totals)[number];
  return { ms, toClient: bytesReceived, toServer: bytesSent, rounds };
}

/** Parties take the level from the environment, which they inherit. */
async function atLevel<T>(level: Level | undefined, run: () => Promise<T>): Promise<T> {
  const before = process.env.RELUCTANT_PI_LEVEL;
  if (level) process.env.RELUCTANT_PI_LEVEL = level;
  try {
    return await run();
  } finally {
    if (before === undefined) delete process.env.RELUCTANT_PI_LEVEL;
    else process.env.RELUCTANT_PI_LEVEL = before;
  }
}

const inThreads = (threads: number): string => (threads === 1 ? "" : `, ${threads} threads`);

const nameOf = ({ model, kept, relus = "garbled", profile, threads = 1, level }: Inference): string =>
  [model, kept.toFixed(2), relus, profile, threads, ...(level ? [level] : [])].join("-");

export const inferences: Case[] = all.map((inference) => ({
  name: nameOf(inference),
  quick: inference.quick ?? false,
  run: () => figuresOf(inference),
}));
