import { averagePositions, reciprocalBits } from "./average-pool.ts";
import type { Channel } from "./channel.ts";
import { gather, replaced } from "./chunks.ts";
import type { ServerCorrelations } from "./correlations.ts";
import type { CostSheet, Phase } from "./costs.ts";
import { Inference, nonceBytes } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import { applyToServerShare } from "./linear-layer.ts";
import type { LinearWeights, PrivateNetwork, Step } from "./network.ts";
import { addConstant, combine, quadraticWeights } from "./quadratic.ts";
import { randomSeed } from "./random.ts";
import { type ReluProtocolName, reluProtocols, type ServerRelus } from "./relu-protocols.ts";
import { add, bytesOf, type RingVector, vectorOf, weightBits } from "./ring.ts";
import { choicesOf, type Schedule } from "./schedule.ts";
import { truncateServerShare } from "./sharing.ts";
import { carryOut, madeBy, type Part, type StepParts } from "./step-parts.ts";

/** What the server has to hand. */
export interface ServerContext {
  network: PrivateNetwork;
  relus: ReluProtocolName;
  schedule: Schedule;
  client: Channel;
  /** Begins an inference's. */
  correlations: (costs: CostSheet) => Promise<ServerCorrelations>;
  kernels: Kernels;
  ledger: Ledger;
  costs: CostSheet;
}

/** An inference whose offline phase is done. */
export interface PreparedServer {
  /** Of each step's output; they come with the image. */
  shares: ReadonlyMap<string, RingVector>;
  steps: readonly StepParts[];
}

/** The server's offline phase, layer by layer: correlations of linear ones, and what the ReLUs' protocol takes. */
export async function prepareServer(context: ServerContext): Promise<PreparedServer> {
  const { network, schedule, client, kernels, ledger, costs } = context;
  const inference = await costs.of("offline", "nonce", () => agreeOnNonce(context));
  const choices = choicesOf(schedule);
  const begin = () => reluProtocols[context.relus].server({ peer: client, inference, choices, kernels, ledger });
  const protocol = await costs.of("offline", "base transfers", begin);
  const correlations = await context.correlations(costs);
  const shares = new Map<string, RingVector>();
  const plan = planner(context, { inference, protocol, correlations, shares });
  const steps = network.architecture.steps.map((step, layer) => ({ name: step.name, parts: plan(step, layer) }));
  await carryOut("offline", { steps, costs });
  return { shares, steps };
}

/** What the server does for each step, and when: what gives it its share of the output is always online. */
function planner(
  { network, schedule, client, kernels }: ServerContext,
  {
    inference,
    protocol,
    correlations,
    shares,
  }: {
    inference: Inference;
    protocol: ServerRelus;
    correlations: ServerCorrelations;
    shares: Map<string, RingVector>;
  },
): (step: Step, layer: number) => Part[] {
  const of = (name: string) => shares.get(name) as RingVector;
  const shared = ({ name }: Step, share: () => RingVector | Promise<RingVector>): Part => ({
    phase: "online",
    run: async () => void shares.set(name, await share()),
  });
  /** A step that takes something made before: that first, in its phase. */
  function prepared<Made>(
    step: Step,
    phase: Phase,
    make: () => Promise<Made>,
    share: (made: Made) => RingVector | Promise<RingVector>,
  ): Part[] {
    const made = madeBy(make);
    return [{ phase, run: made.run }, shared(step, () => share(made.get()))];
  }
  return (step, layer) => {
    switch (step.op) {
      case "input":
        return [shared(step, async () => vectorOf(await client.receive("maskedInput", 8 * step.size)))];
      case "linear":
        return prepared(
          step,
          schedule.linear,
          () => correlations.linear(step),
          async (correlation) => {
            inference.use("correlation", layer);
            const weights = network.weights.get(step.name) as LinearWeights;
            const wide = await applyToServerShare(step, weights, { share: of(step.from), correlation, kernels });
            return truncateServerShare(wide, weightBits);
          },
        );
      case "add":
        return [shared(step, () => add(of(step.from), of(step.with)))];
      case "average-pool":
        return [shared(step, () => truncateServerShare(averagePositions(step, of(step.from)), reciprocalBits))];
      case "relu": {
        const make = () => protocol.prepare({ step, layer });
        return prepared(step, schedule.relus, make, (infer) => infer(of(step.from)));
      }
      case "square": {
        const make = () => correlations.square({ step, layer, inference });
        return prepared(step, schedule.linear, make, (infer) => infer(of(step.from)));
      }
      case "quadratic": {
        const wide = () => {
          const { filters, bias } = quadraticWeights(network, step);
          const given = { x: gather(of(step.from), step.units), squares: of(step.squares) };
          return addConstant(step, bias, combine(step, filters, given));
        };
        const truncated = (sum: RingVector) =>
          replaced(of(step.from), step.units, truncateServerShare(sum, weightBits));
        if (step.coefficients === "public") return [shared(step, () => truncated(wide()))];
        return prepared(
          step,
          schedule.linear,
          () => correlations.quadratic(step),
          (correlation) => {
            inference.use("correlation", layer);
            return truncated(add(wide(), correlation));
          },
        );
      }
    }
  };
}

/** The server's online phase for one image, which it does not see. */
export async function inferOnServer(
  { shares, steps }: PreparedServer,
  { network, client, costs }: ServerContext,
): Promise<void> {
  await carryOut("online", { steps, costs });
  const output = shares.get(network.architecture.steps.at(-1)?.name ?? "") as RingVector;
  await costs.of("online", "output", () => client.send("outputShare", bytesOf(output)));
}

async function agreeOnNonce({ client, ledger }: ServerContext): Promise<Inference> {
  const half = randomSeed();
  const ofClient = await client.receive("nonce", nonceBytes);
  await client.send("nonce", half);
  return new Inference(ledger, { client: ofClient, server: half });
}
