import { type Cost, keptReluCount, measure, type ReluProtocolName, type RingVector, totalOf } from "@reluctant/pi";
import { namedModel, readyNetwork } from "@reluctant/pi/units";
import type { Figure } from "../rows.ts";
import type { Case } from "./case.ts";

/* Images of one inference, which share its rounds: how long all of them wait, and what that is an image. */

async function figuresOf(batch: number, relus: ReluProtocolName): Promise<Figure[]> {
  const { network, images } = readyNetwork(namedModel("resnet20"), { seed: 1, kept: 0.1, images: 1 });
  const repeated = Array<RingVector>(2 * batch).fill(images[0] as RingVector); // the first batch warms up
  const { client, levels } = await measure({ network, images: repeated, profile: "lan", relus, batch });
  const { ms, rounds } = totalOf(client[1] as Cost[], "online");
  const name = `batch of ${batch}: resnet20, ${keptReluCount(network.architecture)} ReLUs, ${relus}, lan, ${levels.client}`;
  return [
    { case: `${name}, online`, value: ms, unit: "ms" },
    { case: `${name}, online an image`, value: ms / batch, unit: "ms" },
    { case: `${name}, online rounds`, value: rounds, unit: "rounds" },
  ];
}

export const batches: Case[] = (["garbled", "gmw"] as const).flatMap((relus) =>
  [1, 8].map((batch) => ({ name: `batch-${batch}-${relus}-lan`, quick: false, run: () => figuresOf(batch, relus) })),
);
