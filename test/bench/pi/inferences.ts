import {
  type Cost,
  keptReluCount,
  measure,
  type NetworkProfileName,
  type ReluProtocolName,
  totalOf,
} from "@reluctant/pi";
import { namedModel, readyNetwork } from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
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
  quick: boolean;
}

const all: Inference[] = [
  { model: "resnet8", kept: 0.1, profile: "loopback", quick: true },
  { model: "resnet20", kept: 0.1, profile: "loopback", quick: false },
  { model: "resnet20", kept: 0.5, profile: "loopback", quick: false },
  { model: "resnet20", kept: 0.1, profile: "lan", quick: false },
  { model: "resnet20", kept: 0.1, profile: "wan", quick: false },
  { model: "resnet20", kept: 0.1, profile: "loopback", relus: "gmw", quick: false },
  { model: "resnet20", kept: 0.1, profile: "lan", relus: "gmw", quick: false },
  { model: "resnet20", kept: 0.1, profile: "wan", relus: "gmw", quick: false },
  { model: "resnet18", kept: 50 / 557.056, profile: "loopback", quick: false },
  { model: "resnet18", kept: 50 / 557.056, profile: "loopback", threads: 2, quick: false },
  { model: "resnet18", kept: 100 / 557.056, profile: "loopback", quick: false },
  { model: "resnet18", kept: 1, profile: "loopback", quick: false },
];

/** Two images: the first warms the compilers up, the second counts. Costs are the client's, who waits for all. */
async function figuresOf({ model, kept, profile, threads = 1, relus = "garbled" }: Inference): Promise<Figure[]> {
  const { network, images } = readyNetwork(namedModel(model), { seed: 1, kept, images: 2 });
  const { client, label, levels } = await measure({ network, images, profile, threads, relus });
  const costs = client[1] as Cost[];
  const [offline, online] = [totalOf(costs, "offline"), totalOf(costs, "online")];
  const name = `${model}, ${keptReluCount(network.architecture)} ReLUs, ${relus}, ${profile}, ${levels.client}${inThreads(threads)}`;
  const megabytes = (bytes: number) => bytes / 1e6;
  return [
    { case: `${name}, online`, value: online.ms, unit: "ms" },
    { case: `${name}, online to the client`, value: megabytes(online.bytesReceived), unit: "MB" },
    { case: `${name}, online to the server`, value: megabytes(online.bytesSent), unit: "MB" },
    { case: `${name}, online rounds`, value: online.rounds, unit: "rounds" },
    { case: `${name}, offline (${label})`, value: offline.ms, unit: "ms" },
    { case: `${name}, offline to the client`, value: megabytes(offline.bytesReceived), unit: "MB" },
    { case: `${name}, offline to the server`, value: megabytes(offline.bytesSent), unit: "MB" },
  ];
}

const inThreads = (threads: number): string => (threads === 1 ? "" : `, ${threads} threads`);

export const inferences: Case[] = all.map((inference) => ({
  name: `${inference.model}-${inference.kept.toFixed(2)}-${inference.relus ?? "garbled"}-${inference.profile}-${inference.threads ?? 1}`,
  quick: inference.quick,
  run: () => figuresOf(inference),
}));
