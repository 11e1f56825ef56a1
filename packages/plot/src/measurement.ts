import type { LinearProtocol, ParamsOf, PiCost, PiSetting, ReluProtocol, ResultOf } from "@reluctant/contracts";
import { piSystemPresets, systemOf } from "@reluctant/relu";
import { bytes, milliseconds, percent } from "./numbers.ts";

export const protocolTitles: Record<ReluProtocol, string> = { garbled: "garbled circuits", gmw: "GMW" };
export const linearTitles: Record<LinearProtocol, string> = { dealer: "dealer", he: "encryption" };

/** How and where it was measured, in two lines: the second names the machine, and what the figures leave out. */
export function settingLines(setting: PiSetting): [string, string] {
  const { system, protocol, linear, profile, batch, threads, processor, cores, level, label } = setting;
  const { title, linear: own } = piSystemPresets[system];
  const parts = [title, `ReLUs by ${protocolTitles[protocol]}`];
  if (linear !== own.by[0]) parts.push(`linear layers by ${linearTitles[linear]}`);
  parts.push(profile);
  if (batch > 1) parts.push(`${batch} images an inference`);
  parts.push(`${threads} ${threads === 1 ? "thread" : "threads"} a party`);
  return [parts.join(", "), [`${processor}, ${cores} cores, ${level} kernels`, ...(label ? [label] : [])].join("; ")];
}

/** What a measurement of private inference found, as pairs of a name and a text, for every screen that shows one. */
export function measurementFacts(
  { samples, privateAccuracy, plaintextAccuracy, agreement, logitError, cost, machine }: ResultOf<"private-inference">,
  { implementation, params }: { implementation: string; params: ParamsOf<"private-inference"> },
): [name: string, text: string][] {
  const { protocol, profile, batch, threads } = params;
  return [
    ["System", piSystemPresets[systemOf(implementation)].title],
    ["ReLUs by", protocolTitles[protocol]],
    ["Network", profile],
    ["Online", phaseText(cost.online, batch)],
    ["Offline", [phaseText(cost.offline, batch), cost.label].filter(Boolean).join("; ")],
    [
      "Samples",
      `${samples}, ${percent(privateAccuracy, 1)} right privately, ${percent(plaintextAccuracy, 1)} in the clear`,
    ],
    ["Same class", `${percent(agreement, 1)}; logits differ by ${logitError.largest.toPrecision(2)} at most`],
    ["Machine", `${machineText(machine)}; ${threads} ${threads === 1 ? "thread" : "threads"} a party`],
  ];
}

/** `87.3 ms (81–104), 4.2 MB, 19 rounds`: the median of the inferences, and the fastest and slowest; of a batch an image's part, too. */
const phaseText = (phase: PiCost["online"], batch: number): string =>
  [
    `${milliseconds(phase.ms)} (${milliseconds(phase.leastMs)} to ${milliseconds(phase.mostMs)})`,
    bytes(trafficOf(phase)),
    `${phase.rounds} rounds`,
    ...(batch > 1 ? [`for ${batch} images: ${milliseconds(phase.ms / batch)} an image`] : []),
  ].join(", ");

/** Bytes both ways. */
export const trafficOf = ({ bytesSent, bytesReceived }: { bytesSent: number; bytesReceived: number }): number =>
  bytesSent + bytesReceived;

/** What one step of the computation cost: the steps before a layer, each layer, the output. */
export interface StepCost {
  step: string;
  offline: PhaseCost;
  online: PhaseCost;
}
/** Milliseconds, and bytes both ways. */
export interface PhaseCost {
  ms: number;
  bytes: number;
  rounds: number;
}

/** Both phases of each step side by side, in the order of computation. */
export function stepCosts(steps: PiCost["steps"]): StepCost[] {
  const rows = new Map<string, StepCost>();
  for (const { step, phase, ms, rounds, ...traffic } of steps) {
    const row = rows.get(step) ?? { step, offline: nothing, online: nothing };
    const before = row[phase];
    const cost = { ms: before.ms + ms, bytes: before.bytes + trafficOf(traffic), rounds: before.rounds + rounds };
    rows.set(step, { ...row, [phase]: cost });
  }
  return [...rows.values()];
}

const nothing: PhaseCost = { ms: 0, bytes: 0, rounds: 0 };

/** Another machine's figure is that machine's, so it is said wherever one stands. */
const machineText = ({
  processor,
  cores,
  level,
  othersShare,
  disturbed,
}: ResultOf<"private-inference">["machine"]): string => {
  const others =
    othersShare === null ? "whether others disturbed it is not known" : `others took ${percent(othersShare, 0)} of it`;
  return `${processor}, ${cores} cores, ${level} kernels; ${others}${disturbed ? ": disturbed" : ""}`;
};
