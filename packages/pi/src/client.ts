import { averagePositions, reciprocalBits } from "./average-pool.ts";
import type { Channel } from "./channel.ts";
import { gather, replaced } from "./chunks.ts";
import type { ClientCorrelations } from "./correlations.ts";
import type { CostSheet } from "./costs.ts";
import { Inference, nonceBytes } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import type { Architecture, Step } from "./network.ts";
import { combine, publicWeights } from "./quadratic.ts";
import { randomSeed, randomVector } from "./random.ts";
import { type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import { add, bytesOf, fractionBits, type RingVector, subtract, vectorOf } from "./ring.ts";
import { truncateClientShare } from "./sharing.ts";

/** What the client has to hand. */
export interface ClientContext {
  architecture: Architecture;
  relus: ReluProtocolName;
  server: Channel;
  /** Begins an inference's. */
  correlations: (costs: CostSheet) => Promise<ClientCorrelations>;
  kernels: Kernels;
  ledger: Ledger;
  costs: CostSheet;
}

/** An inference whose offline phase is done: the client's shares of all layers are fixed, before there is an image. */
export interface PreparedClient {
  inference: Inference;
  inputMask: RingVector;
  /** What it does online, in the order of the steps that take two: ReLUs and squares. */
  online: { name: string; run: () => Promise<void> }[];
  outputShare: RingVector;
}

/**
 * The client's offline phase (Mishra, Lehmkuhl, Srinivasan, Zheng & Popa, "DELPHI", USENIX Security 2020): from a random
 * mask of the input it carries its shares through the network, layer by layer.
 */
export async function prepareClient(context: ClientContext): Promise<PreparedClient> {
  const { architecture, server, kernels, ledger, costs } = context;
  const inference = await costs.of("offline", "nonce", () => agreeOnNonce(context));
  const begin = () => reluProtocols[context.relus].client({ peer: server, inference, kernels, ledger });
  const protocol = await costs.of("offline", "base transfers", begin);
  const correlations = await context.correlations(costs);
  const shares = new Map<string, RingVector>();
  const online: PreparedClient["online"] = [];
  const of = (name: string) => shares.get(name) as RingVector;
  const run = async (step: Step, layer: number): Promise<RingVector> => {
    switch (step.op) {
      case "input":
        return randomVector(step.size);
      case "linear":
        return truncateClientShare(await correlations.linear(step, of(step.from)), fractionBits);
      case "square": {
        const prepared = await correlations.square({ step, layer, inference }, of(step.from));
        online.push({ name: step.name, run: prepared.online });
        return prepared.share;
      }
      case "quadratic": {
        const given = { x: gather(of(step.from), step.units), squares: of(step.squares) };
        const wide =
          step.coefficients === "public"
            ? combine(step, publicWeights(step).filters, given)
            : await correlations.quadratic(step, given);
        return replaced(of(step.from), step.units, truncateClientShare(wide, fractionBits));
      }
      case "add":
        return add(of(step.from), of(step.with));
      case "average-pool":
        return truncateClientShare(averagePositions(step, of(step.from)), reciprocalBits);
      case "relu": {
        const prepared = await protocol.prepare({ step, layer, share: of(step.from) });
        online.push({ name: step.name, run: prepared.online });
        return prepared.share;
      }
    }
  };
  for (const [layer, step] of architecture.steps.entries()) {
    shares.set(step.name, await costs.of("offline", step.name, () => run(step, layer)));
  }
  const [input, output] = [architecture.steps[0], architecture.steps.at(-1)] as [Step, Step];
  return { inference, inputMask: of(input.name), online, outputShare: of(output.name) };
}

/** The client's online phase: returns the logits, in fixed point. A prepared inference serves one image. */
export async function inferOnClient(
  { inference, inputMask, online, outputShare }: PreparedClient,
  image: RingVector,
  { architecture, server, costs }: ClientContext,
): Promise<RingVector> {
  if (image.length !== inputMask.length) {
    throw new RangeError(`an image has ${image.length} values where ${architecture.name} takes ${inputMask.length}`);
  }
  inference.use("mask");
  await costs.of("online", "input", () => server.send("maskedInput", bytesOf(subtract(image, inputMask))));
  for (const { name, run } of online) await costs.of("online", name, run);
  return costs.of("online", "output", async () => {
    const share = await server.receive("outputShare", outputShare.byteLength);
    return add(vectorOf(share), outputShare);
  });
}

async function agreeOnNonce({ server, ledger }: ClientContext): Promise<Inference> {
  const half = randomSeed();
  await server.send("nonce", half);
  return new Inference(ledger, { client: half, server: await server.receive("nonce", nonceBytes) });
}
