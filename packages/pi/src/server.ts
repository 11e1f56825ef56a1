import { averagePositions, reciprocalBits } from "./average-pool.ts";
import type { Channel } from "./channel.ts";
import { gather, replaced } from "./chunks.ts";
import type { ServerCorrelations } from "./correlations.ts";
import type { CostSheet } from "./costs.ts";
import { Inference, nonceBytes } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import { applyToServerShare } from "./linear-layer.ts";
import type { LinearWeights, PrivateNetwork, Step } from "./network.ts";
import { addConstant, combine, quadraticWeights } from "./quadratic.ts";
import { randomSeed } from "./random.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import { add, bytesOf, fractionBits, type RingVector, vectorOf } from "./ring.ts";
import { truncateServerShare } from "./sharing.ts";

/** What the server has to hand. */
export interface ServerContext {
  network: PrivateNetwork;
  relus: ReluProtocolName;
  client: Channel;
  /** Begins an inference's. */
  correlations: (costs: CostSheet) => Promise<ServerCorrelations>;
  kernels: Kernels;
  ledger: Ledger;
  costs: CostSheet;
}

/** An inference whose offline phase is done. */
export interface PreparedServer {
  inference: Inference;
  /** s of each step that has a correlation. */
  correlations: Map<string, RingVector>;
  /** What steps that take two make of the server's share: ReLUs and squares. */
  online: Map<string, (share: RingVector) => Promise<RingVector>>;
}

/** The server's offline phase, layer by layer: correlations of linear ones, and what the ReLUs' protocol takes. */
export async function prepareServer(context: ServerContext): Promise<PreparedServer> {
  const { network, client, kernels, ledger, costs } = context;
  const inference = await costs.of("offline", "nonce", () => agreeOnNonce(context));
  const begin = () => reluProtocols[context.relus].server({ peer: client, inference, kernels, ledger });
  const protocol = await costs.of("offline", "base transfers", begin);
  const given = await context.correlations(costs);
  const correlations = new Map<string, RingVector>();
  const online: PreparedServer["online"] = new Map();
  for (const [layer, step] of network.architecture.steps.entries()) {
    await costs.of("offline", step.name, async () => {
      if (step.op === "linear") correlations.set(step.name, await given.linear(step));
      if (step.op === "quadratic" && step.coefficients === "secret")
        correlations.set(step.name, await given.quadratic(step));
      if (step.op === "relu") online.set(step.name, await protocol.prepare({ step, layer }));
      if (step.op === "square") online.set(step.name, await given.square({ step, layer, inference }));
    });
  }
  return { inference, correlations, online };
}

/** The server's online phase for one image, which it does not see. */
export async function inferOnServer(prepared: PreparedServer, context: ServerContext): Promise<void> {
  const { inference, correlations, online } = prepared;
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
      case "square":
        return (online.get(step.name) as (share: RingVector) => Promise<RingVector>)(of(step.from));
      case "quadratic": {
        const { filters, bias } = quadraticWeights(network, step);
        const given = { x: gather(of(step.from), step.units), squares: of(step.squares) };
        const wide = addConstant(step, bias, combine(step, filters, given));
        const correlation = correlations.get(step.name);
        if (correlation) inference.use("correlation", layer);
        const share = truncateServerShare(correlation ? add(wide, correlation) : wide, fractionBits);
        return replaced(of(step.from), step.units, share);
      }
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
