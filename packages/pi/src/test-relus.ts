import { chooseKernels } from "./choose-kernels.ts";
import { replaced } from "./chunks.ts";
import { Inference } from "./inference.ts";
import { Ledger } from "./ledger.ts";
import { randomSeed, randomVector } from "./random.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import { add, type RingVector, subtract } from "./ring.ts";
import type { Choices } from "./schedule.ts";
import { channelPair } from "./test-channels.ts";

/** Both parties' ends of one inference's ReLUs, in one process over a socket; tests and benches only, as all of this file. */
export async function reluEnds(
  protocol: ReluProtocolName,
  { choices = "of the share", ...options }: { threads?: number; choices?: Choices } = {},
) {
  const [near, far] = await channelPair();
  const halves = { client: randomSeed(), server: randomSeed() };
  const kernels = chooseKernels(options);
  const context = (peer: typeof near) => {
    const ledger = new Ledger();
    return { peer, inference: new Inference(ledger, halves), choices, kernels, ledger };
  };
  const { client: startClient, server: startServer } = reluProtocols[protocol];
  const [client, server] = await Promise.all([startClient(context(near)), startServer(context(far))]);
  return { near, choices, client, server, close: () => Promise.all([near.close(), far.close(), kernels.close()]) };
}

/** A layer's output by the protocol on these values, with fresh shares. Each layer of an inference has a number of its own. */
export async function reluBy(
  { choices, client, server }: Pick<Awaited<ReturnType<typeof reluEnds>>, "choices" | "client" | "server">,
  x: RingVector,
  { kept, signBits, layer }: { kept: Uint32Array; signBits: 64 | 37; layer: number },
): Promise<RingVector> {
  const share = randomVector(x.length);
  const step = { op: "relu", name: "relu", from: "x", size: x.length, kept, signBits } as const;
  const mask = randomVector(kept.length);
  const chosen = choices === "random" ? randomVector(x.length) : share;
  const [ofClient, ofServer] = await Promise.all([
    client.prepare({ step, layer, chosen, mask }),
    server.prepare({ step, layer }),
  ]);
  const [out] = await Promise.all([ofServer(subtract(x, share)), ofClient(share)]);
  return add(out, replaced(share, kept, mask));
}
