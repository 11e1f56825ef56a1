import type { ParamsOf, PiCost, PiSetting, PiSystem, ReluProtocol, ResultOf } from "@reluctant/contracts";
import { bytes, milliseconds, percent } from "./numbers.ts";

export const protocolTitles: Record<ReluProtocol, string> = { garbled: "garbled circuits", gmw: "GMW" };

export const systemTitles: Record<PiSystem, string> = { delphi: "DELPHI" };

/** How and where it was measured, in two lines: the second names the machine, and what the figures leave out. */
export function settingLines(setting: PiSetting): [string, string] {
  const { system, protocol, profile, batch, threads, processor, cores, level, label } = setting;
  const parts = [systemTitles[system], `ReLUs by ${protocolTitles[protocol]}`, profile];
  if (batch > 1) parts.push(`${batch} images an inference`);
  parts.push(`${threads} ${threads === 1 ? "thread" : "threads"} a party`);
  return [parts.join(", "), [`${processor}, ${cores} cores, ${level} kernels`, ...(label ? [label] : [])].join("; ")];
}

/** What a measurement of private inference found, as pairs of a name and a text, for every screen that shows one. */
export function measurementFacts(
  { samples, privateAccuracy, plaintextAccuracy, agreement, logitError, cost, machine }: ResultOf<"private-inference">,
  { protocol, profile, threads }: ParamsOf<"private-inference">,
): [name: string, text: string][] {
  return [
    ["ReLUs by", protocolTitles[protocol]],
    ["Network", profile],
    ["Online", phaseText(cost.online)],
    ["Offline", [phaseText(cost.offline), cost.label].filter(Boolean).join("; ")],
    [
      "Samples",
      `${samples}, ${percent(privateAccuracy, 1)} right privately, ${percent(plaintextAccuracy, 1)} in the clear`,
    ],
    ["Same class", `${percent(agreement, 1)}; logits differ by ${logitError.largest.toPrecision(2)} at most`],
    ["Machine", `${machineText(machine)}; ${threads} ${threads === 1 ? "thread" : "threads"} a party`],
  ];
}

/** `87.3 ms (81–104), 4.2 MB, 19 rounds`: the median of the samples, and the fastest and slowest. */
const phaseText = (phase: PiCost["online"]): string =>
  `${milliseconds(phase.ms)} (${milliseconds(phase.leastMs)} to ${milliseconds(phase.mostMs)}), ${bytes(trafficOf(phase))}, ${phase.rounds} rounds`;

/** Bytes both ways. */
export const trafficOf = ({ bytesSent, bytesReceived }: { bytesSent: number; bytesReceived: number }): number =>
  bytesSent + bytesReceived;

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
