import { baseTransfers, chooseTransfers, offerTransfers, pointBytes, type SeedPairs } from "./base-ot.ts";
import type { Channel } from "./channel.ts";
import { type Delta, labelBytes, randomDelta } from "./labels.ts";
import type { Ledger } from "./ledger.ts";

/** Of the end of correlated transfers that has Δ, a fresh one: it receives the base transfers, by Δ's bits. */
export async function startSender(peer: Channel, ledger: Ledger): Promise<{ delta: Delta; seeds: Uint8Array[] }> {
  const delta = randomDelta();
  ledger.useValue("delta", new Uint8Array(delta.buffer, 0, labelBytes));
  const { choices, seeds } = chooseTransfers(await peer.receive("offer", pointBytes), delta);
  await peer.send("choices", choices);
  return { delta, seeds };
}

/** Of the end that chooses: it sends the base transfers. */
export async function startReceiver(peer: Channel): Promise<SeedPairs> {
  const { offer, seeds } = offerTransfers();
  await peer.send("offer", offer);
  return seeds(await peer.receive("choices", baseTransfers * pointBytes));
}
