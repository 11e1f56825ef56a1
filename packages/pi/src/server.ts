import { averagePositions, reciprocalBits } from "./average-pool.ts";
import type { Channel } from "./channel.ts";
import type { CostSheet } from "./costs.ts";
import { provideCorrelation } from "./dealer.ts";
import { Inference, nonceBytes } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import { applyToServerShare } from "./linear-layer.ts";
import { type LinearWeights, type PrivateNetwork, type Step, stepsOf } from "./network.ts";
import { randomSeed } from "./random.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import { add, bytesOf, fractionBits, type RingVector, vectorOf } from "./ring.ts";
import { truncateServerShare } from "./sharing.ts";

/** What the server has to hand. */
export interface ServerContext {
  network: PrivateNetwork;
  relus: ReluProtocolName;
  client: Channel;
  dealer: Channel;
  kernels: Kernels;
  ledger: Ledger;
  costs: CostSheet;
}

/** An inference whose offline phase is done. */
export interface PreparedServer {
  inference: Inference;
  /** s of each linear step. */
  correlations: Map<string, RingVector>;
  /** What each ReLU layer makes of its share. */
  relus: Map<string, (share: RingVector) => Promise<RingVector>>;
}

/** Before the first inference: gives the dealer the weights. */
export async function enrollWeights({ network, dealer }: ServerContext): Promise<void> {
  for (const { name } of stepsOf(network.architecture, "linear")) {
    await dealer.send("weights", (network.weights.get(name) as LinearWeights).filters);
  }
}

/** The server's offline phase, layer by layer: correlations of linear ones, and what the ReLUs' protocol takes. */
export async function prepareServer(context: ServerContext): Promise<PreparedServer> {
  const { network, client, dealer, kernels, ledger, costs } = context;
  const inference = await costs.of("offline", "nonce", () => agreeOnNonce(context));
  const begin = () => reluProtocols[context.relus].server({ peer: client, inference, kernels, ledger });
  const protocol = await costs.of("offline", "base transfers", begin);
  const correlations = new Map<string, RingVector>();
  const relus: PreparedServer["relus"] = new Map();
  for (const [layer, step] of network.architecture.steps.entries()) {
    await costs.of("offline", step.name, async () => {
      if (step.op === "linear") correlations.set(step.name, await provideCorrelation(step, dealer));
      if (step.op === "relu") relus.set(step.name, await protocol.prepare({ step, layer }));
    });
  }
  return { inference, correlations, relus };
}

/** The server's online phase for one image, which it does not see. */
export async function inferOnServer(prepared: PreparedServer, context: ServerContext): Promise<void> {
  const { inference, correlations, relus } = prepared;
  const { network, client, kernels, costs } = context;
  const shares = new Map<string, RingVector>();
  const of = (name: string) => shares.get(name) as RingVector;
  const run = async (step: Step, layer: number): Promise<RingVector> => {
    switch (step.op) {
      case "input":
        return vectorOf(await client.receive("maskedInput", 8 * step.size));
      case "linear": {
        inference.use("correlation", layer);
        const weights = network.weights.get(step.name) as LinearWeights;
        const correlation = correlations.get(step.name) as RingVector;
        const wide = applyToServerShare(step, weights, { share: of(step.from), correlation, kernels });
        return truncateServerShare(wide, fractionBits);
      }
      case "add":
        return add(of(step.from), of(step.with));
      case "average-pool":
        return truncateServerShare(averagePositions(step, of(step.from)), reciprocalBits);
      case "relu":
        return (relus.get(step.name) as (share: RingVector) => Promise<RingVector>)(of(step.from));
    }
  };
  for (const [layer, step] of network.architecture.steps.entries()) {
    shares.set(step.name, await costs.of("online", step.name, () => run(step, layer)));
  }
  const output = of(network.architecture.steps.at(-1)?.name ?? "");
  await costs.of("online", "output", () => client.send("outputShare", bytesOf(output)));
}

async function agreeOnNonce({ client, ledger }: ServerContext): Promise<Inference> {
  const half = randomSeed();
  const ofClient = await client.receive("nonce", nonceBytes);
  await client.send("nonce", half);
  return new Inference(ledger, { client: ofClient, server: half });
}
