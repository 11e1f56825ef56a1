import { piSystems } from "@reluctant/contracts";
import { keptReluCount, measure, type NetworkProfileName, type RingVector } from "@reluctant/pi";
import { namedModel, readyNetwork } from "@reluctant/pi/units";
import { piSystemPresets } from "@reluctant/relu";
import type { Figure } from "../rows.ts";
import { bytesByFormula } from "./bytes.ts";
import type { Case } from "./case.ts";
import { figuresBesideFormula } from "./inferences.ts";

/*
 * The same network as each published system arranges our blocks. Linear layers are encrypted in all of them, so that every total
 * holds all that ran; what a preset leaves out of its system stands in docs/private-inference.md.
 */

type Model = Parameters<typeof namedModel>[0];

async function figuresOf(
  model: Model,
  system: (typeof piSystems)[number],
  profile: NetworkProfileName,
): Promise<Figure[]> {
  const { linear, relus } = piSystemPresets[system];
  const setting = {
    relus: relus.by[0],
    linear: "he",
    schedule: { linear: linear.when, relus: relus.when },
  } as const;
  const { network, images } = readyNetwork(namedModel(model), { seed: 1, kept: 0.1, images: 2 });
  const [first, second] = images as [RingVector, RingVector];
  const measurement = await measure({ network, images: [first, second, second, second], profile, ...setting });
  const name = `${model}, ${keptReluCount(network.architecture)} ReLUs, as ${system}, ${profile}, ${measurement.levels.client}`;
  return figuresBesideFormula(name, measurement, { formula: bytesByFormula(network, setting) });
}

export const systems: Case[] = (["resnet8", "resnet20"] as const).flatMap((model) =>
  (["loopback", "lan"] as const).flatMap((profile) =>
    piSystems.map((system) => ({
      name: `systems-${model}-${system}-${profile}`,
      quick: model === "resnet8" && profile === "loopback",
      run: () => figuresOf(model, system, profile),
    })),
  ),
);
