import { averagePositions, reciprocalBits } from "./average-pool.ts";
import type { Channel } from "./channel.ts";
import { gather, replaced } from "./chunks.ts";
import type { ClientCorrelations } from "./correlations.ts";
import type { CostSheet } from "./costs.ts";
import { Inference, nonceBytes } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import type { Architecture, Step, StepOf } from "./network.ts";
import { combine, publicWeights } from "./quadratic.ts";
import { randomSeed, randomVector } from "./random.ts";
import { type ClientRelus, type ReluProtocolName, reluProtocols } from "./relu-protocols.ts";
import { add, bytesOf, type RingVector, subtract, vectorOf, weightBits } from "./ring.ts";
import { choicesOf, type Schedule } from "./schedule.ts";
import { truncateClientShare } from "./sharing.ts";
import { carryOut, madeBy, type Part, type StepParts } from "./step-parts.ts";

/** What the client has to hand. */
export interface ClientContext {
  architecture: Architecture;
  relus: ReluProtocolName;
  schedule: Schedule;
  server: Channel;
  /** Begins an inference's. */
  correlations: (costs: CostSheet) => Promise<ClientCorrelations>;
  kernels: Kernels;
  ledger: Ledger;
  costs: CostSheet;
}

/** An inference whose offline phase is done, before there is an image. */
export interface PreparedClient {
  inference: Inference;
  inputMask: RingVector;
  /** By step; those of a schedule that has linear layers offline are all fixed, others come with the image. */
  shares: ReadonlyMap<string, RingVector>;
  steps: readonly StepParts[];
}

/**
 * The client's offline phase. With linear layers offline it carries its shares through the network from a random mask of the
 * input, layer by layer (Mishra, Lehmkuhl, Srinivasan, Zheng & Popa, "DELPHI", USENIX Security 2020).
 */
export async function prepareClient(context: ClientContext): Promise<PreparedClient> {
  const { architecture, schedule, server, kernels, ledger, costs } = context;
  const inference = await costs.of("offline", "nonce", () => agreeOnNonce(context));
  const choices = choicesOf(schedule);
  const begin = () => reluProtocols[context.relus].client({ peer: server, inference, choices, kernels, ledger });
  const protocol = await costs.of("offline", "base transfers", begin);
  const correlations = await context.correlations(costs);
  const input = architecture.steps[0] as Step;
  const inputMask = randomVector(input.size);
  const shares = new Map([[input.name, inputMask]]);
  const plan = planner({ schedule, inference, protocol, correlations, shares });
  const steps = architecture.steps.map((step, layer) => ({ name: step.name, parts: plan(step, layer) }));
  await carryOut("offline", { steps, costs });
  return { inference, inputMask, shares, steps };
}

/** What the client does for each step, and when. */
function planner({
  schedule,
  inference,
  protocol,
  correlations,
  shares,
}: {
  schedule: Schedule;
  inference: Inference;
  protocol: ClientRelus;
  correlations: ClientCorrelations;
  shares: Map<string, RingVector>;
}): (step: Step, layer: number) => Part[] {
  const of = (name: string) => shares.get(name) as RingVector;
  /** The share of a step's output comes when linear layers give theirs. */
  const shared = ({ name }: Step, share: () => RingVector | Promise<RingVector>): Part => ({
    phase: schedule.linear,
    run: async () => void shares.set(name, await share()),
  });
  return (step, layer) => {
    switch (step.op) {
      case "input":
        return [];
      case "linear":
        return [
          shared(step, async () => truncateClientShare(await correlations.linear(step, of(step.from)), weightBits)),
        ];
      case "square": {
        const square = madeBy(() => correlations.square({ step, layer, inference }, of(step.from)));
        return [
          { phase: schedule.linear, run: square.run },
          shared(step, () => square.get().share),
          { phase: "online", run: () => square.get().online() },
        ];
      }
      case "quadratic":
        return [
          shared(step, () => quadraticShare(step, { correlations, x: of(step.from), squares: of(step.squares) })),
        ];
      case "add":
        return [shared(step, () => add(of(step.from), of(step.with)))];
      case "average-pool":
        return [shared(step, () => truncateClientShare(averagePositions(step, of(step.from)), reciprocalBits))];
      case "relu":
        return reluParts(step, layer);
    }
  };

  /** A kept unit's next share is a fresh mask, chosen before there is an image; another's is the share that came in. */
  function reluParts(step: StepOf<"relu">, layer: number): Part[] {
    inference.use("mask", layer);
    const mask = randomVector(step.kept.length);
    const random = choicesOf(schedule) === "random";
    const relus = madeBy(() =>
      protocol.prepare({ step, layer, chosen: random ? randomVector(step.size) : of(step.from), mask }),
    );
    return [
      { phase: schedule.relus, run: relus.run },
      shared(step, () => replaced(of(step.from), step.kept, mask)),
      { phase: "online", run: () => relus.get()(of(step.from)) },
    ];
  }
}

async function quadraticShare(
  step: StepOf<"quadratic">,
  { correlations, x, squares }: { correlations: ClientCorrelations; x: RingVector; squares: RingVector },
): Promise<RingVector> {
  const given = { x: gather(x, step.units), squares };
  const wide =
    step.coefficients === "public"
      ? combine(step, publicWeights(step).filters, given)
      : await correlations.quadratic(step, given);
  return replaced(x, step.units, truncateClientShare(wide, weightBits));
}

/** The client's online phase: returns the logits, in fixed point. A prepared inference serves one image. */
export async function inferOnClient(
  { inference, inputMask, shares, steps }: PreparedClient,
  image: RingVector,
  { architecture, server, costs }: ClientContext,
): Promise<RingVector> {
  if (image.length !== inputMask.length) {
    throw new RangeError(`an image has ${image.length} values where ${architecture.name} takes ${inputMask.length}`);
  }
  inference.use("mask");
  await costs.of("online", "input", () => server.send("maskedInput", bytesOf(subtract(image, inputMask))));
  await carryOut("online", { steps, costs });
  const outputShare = shares.get(architecture.steps.at(-1)?.name ?? "") as RingVector;
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
