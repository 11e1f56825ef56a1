import { baseTransfers, chooseTransfers, offerTransfers, pointBytes } from "./base-ot.ts";
import type { Channel } from "./channel.ts";
import type { RowReceiver, RowSender } from "./correlated-ot.ts";
import type { Kernels } from "./kernels.ts";
import { type Delta, labelBytes, randomDelta } from "./labels.ts";
import type { Ledger } from "./ledger.ts";

/** The end of correlated transfers that has Δ, a fresh one: it receives the base transfers, by Δ's bits. */
export async function startSender(
  peer: Channel,
  { kernels, ledger }: { kernels: Kernels; ledger: Ledger },
): Promise<{ sender: RowSender; delta: Delta }> {
  const delta = randomDelta();
  ledger.useValue("delta", new Uint8Array(delta.buffer, 0, labelBytes));
  const { choices, seeds } = chooseTransfers(await peer.receive("offer", pointBytes), delta);
  await peer.send("choices", choices);
  return { sender: kernels.sender(delta, seeds), delta };
}

/** The end that chooses: it sends the base transfers. */
export async function startReceiver(peer: Channel, kernels: Kernels): Promise<RowReceiver> {
  const { offer, seeds } = offerTransfers();
  await peer.send("offer", offer);
  return kernels.receiver(seeds(await peer.receive("choices", baseTransfers * pointBytes)));
}
