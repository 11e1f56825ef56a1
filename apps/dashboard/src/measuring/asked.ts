import {
  type LinearProtocol,
  type NetworkProfileName,
  type PiMeasurement,
  type PiSystem,
  type PointMeasurementInput,
  pointMeasurementSchema,
  type ReluProtocol,
} from "@reluctant/contracts";
import { blocksOf, piSystemPresets } from "@reluctant/relu";
import { plural } from "../format.ts";

/** What is asked of a measurement, as the form holds it: numbers as they are typed, for the API to judge. */
export interface Asked {
  system: PiSystem;
  protocols: ReluProtocol[];
  linear: LinearProtocol;
  profiles: NetworkProfileName[];
  samples: string;
  batch: string;
  threads: string;
  remeasure: boolean;
}

/** What the API takes where nothing is said. */
export function defaultAsked(): Asked {
  const defaults = pointMeasurementSchema.parse({});
  const { system, profiles, samples, batch, threads, remeasure } = defaults;
  return {
    system,
    ...blocksOf(defaults),
    profiles,
    samples: String(samples),
    batch: String(batch),
    threads: String(threads),
    remeasure,
  };
}

/** The same in another system, with that one's own blocks: another's it may not have. */
export const inSystem = (asked: Asked, system: PiSystem): Asked => ({
  ...asked,
  system,
  ...blocksOf({ ...pointMeasurementSchema.parse({}), system }),
});

export const requestOf = ({ samples, batch, threads, ...chosen }: Asked): PointMeasurementInput => ({
  ...chosen,
  samples: Number(samples),
  batch: Number(batch),
  threads: Number(threads),
});

/** What it would do, a sentence a line. `measurements`: what there is of the network already. */
export function inWords(asked: Asked, measurements: readonly PiMeasurement[]): string[] {
  const { system, protocols, profiles, samples, batch, linear } = asked;
  const { title, leavesOut } = piSystemPresets[system];
  const count = protocols.length * profiles.length;
  const together = Number(batch) > 1 ? `${batch} in each inference` : "one after another";
  return [
    `${plural(count, "measurement")} as ${title} computes, ${count > 1 ? "each " : ""}of ${samples} test images, ${together}.`,
    linear === "dealer"
      ? "A dealer makes the correlations of linear layers: what they would cost is in no figure."
      : "Linear layers are encrypted, and their cost is in the figures. It takes longer than with a dealer.",
    ...(leavesOut ? [`It is not all of ${title}: ${leavesOut}.`] : []),
    ...(asked.remeasure ? [] : knownWords(asked, measurements)),
    "Nothing is trained. What else runs on the worker's machine meanwhile disturbs the figures.",
  ];
}

function knownWords(asked: Asked, measurements: readonly PiMeasurement[]): string[] {
  const all = asked.protocols.flatMap((protocol) => asked.profiles.map((profile) => ({ protocol, profile })));
  const known = all.filter((one) => measurements.some((measurement) => isSame(asked, one, measurement))).length;
  return known > 0 ? [`Measured before, and not measured again: ${known} of ${all.length}.`] : [];
}

/** Whether a measurement is what would be made by this protocol over this network. */
const isSame = (
  { system, linear, samples, batch, threads }: Asked,
  { protocol, profile }: Pick<PiMeasurement, "protocol" | "profile">,
  measurement: PiMeasurement,
): boolean =>
  measurement.system === system &&
  measurement.protocol === protocol &&
  measurement.linear === linear &&
  measurement.profile === profile &&
  measurement.samples === Number(samples) &&
  measurement.batch === Number(batch) &&
  measurement.threads === Number(threads);
