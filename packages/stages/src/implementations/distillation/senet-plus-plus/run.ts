import type { NetworkVariant } from "@reluctant/contracts";
import { type Mask, type Model, macCount, narrow, narrowMasks, nodesOf, stepsPerEpoch, totalOf } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import { type ContextOf, type StageArtifact, type StageOutput, safetensorsType } from "../../../context.ts";
import type { Network, Objective } from "../../../engine.ts";
import { evaluate } from "../../../evaluate.ts";
import { StageFailure } from "../../../failure.ts";
import { type FitState, fit } from "../../../fit.ts";
import { encodeStudent } from "../../../masks.ts";
import { prefixed, type Tensors, under } from "../../../tensors.ts";
import { encodeWeights } from "../../../weights.ts";
import { distillationSetup } from "../distillation-setup.ts";
import { gradientShares } from "../gradient-shares.ts";
import { addShares, type LossShares, noShares } from "../loss-shares.ts";
import type { SlimmableSettings } from "./settings.ts";

/** A narrower network within the student, named by its width. */
interface Narrow {
  variant: string;
  model: Model;
  network: Network;
  masks: readonly Mask[];
}

/**
 * SENet++ (method.md §6): one set of weights for several widths. Each mini-batch sums the loss over the widths, each
 * distilled from the full-width teacher, and takes one step; every width has batch norms of its own and the ReLUs that the
 * masks, searched at full width, keep in its channels.
 */
export async function run(context: ContextOf<"distillation", { slimmable: SlimmableSettings }>): Promise<StageOutput> {
  const { engine, data, params } = context;
  const { settings } = params;
  const { model, masks, polynomials, teacher, student, objective } = distillationSetup(context);
  if (polynomials.size > 0) throw new StageFailure("bad-input", "senet++ runs students without polynomials");
  const narrower = params.slimmable.widths.map((width) => narrowOf(context, { model, masks, student, width }));
  const trainer = engine.trainer({
    ...settings,
    student,
    teacher,
    objective,
    narrower: narrower.map(({ network }) => ({ network, objective: forFewerChannels(objective) })),
  });

  const lastEpoch = Math.min(params.steps, stepsPerEpoch(data.size("train"), settings.batchSize));
  let shares = noShares;
  const state: FitState = {
    save: async () => ({ tensors: await batchNormsOf(narrower), notes: shares }),
    load: ({ tensors, notes }) => {
      for (const { variant, network } of narrower) network.load(under(variant, tensors));
      shares = notes as LossShares;
    },
  };
  const atFirst = context.resumeFrom ? null : await gradientShares(context, trainer, { batch: 0, done: 0 });
  const fitted = await fit({
    context,
    settings,
    student,
    trainer,
    state,
    afterStep: (step) => (step === 0 && atFirst ? { points: atFirst.points } : undefined),
    onOutcome(step, outcome) {
      if (step >= params.steps - lastEpoch) shares = addShares(shares, outcome, lastEpoch);
    },
  });
  if (fitted.outcome === "stopped") return fitted;
  const atLast = await gradientShares(context, trainer, { batch: fitted.steps - 1, done: fitted.steps });

  const variants: Record<string, NetworkVariant> = {};
  const artifacts = await artifactsOf({ model, network: student, masks });
  for (const narrowed of narrower) {
    context.report.log(`width ${narrowed.variant}: ${totalOf(narrowed.masks)} ReLUs`);
    variants[narrowed.variant] = {
      reluCount: totalOf(narrowed.masks),
      macs: macCount(narrowed.model),
      validationAccuracy: await evaluate(narrowed.network, context, "validation"),
      testAccuracy: await evaluate(narrowed.network, context, "test"),
    };
    const { variant } = narrowed;
    artifacts.push(...(await artifactsOf(narrowed)).map((artifact) => ({ ...artifact, variant })));
  }
  context.report.log(`full width: ${totalOf(masks)} ReLUs`);
  return {
    outcome: "succeeded",
    result: {
      kind: "distillation",
      images: fitted.images,
      reluCount: totalOf(masks),
      validationAccuracy: await evaluate(student, context, "validation"),
      testAccuracy: await evaluate(student, context, "test"),
      lossShares: shares,
      gradientShares: atLast.shares,
      variants,
    },
    artifacts,
    points: atLast.points,
  };
}

function narrowOf(
  { engine }: ContextOf<"distillation">,
  { model, masks, student, width }: { model: Model; masks: readonly Mask[]; student: Network; width: number },
): Narrow {
  const narrowed = narrow(model, width);
  const network = engine.narrowed(student, narrowed);
  const own = narrowMasks(model, narrowed, masks);
  network.setActivations(maskedRelus(own));
  return { variant: String(width), model: narrowed, network, masks: own };
}

/** `attention` compares maps over positions, which all widths have; `raw` would compare channels with others. */
const forFewerChannels = (objective: Objective): Objective =>
  objective.pram ? { ...objective, pram: { ...objective.pram, form: "attention" } } : objective;

/** What the narrower networks have of their own, by width. */
async function batchNormsOf(narrower: readonly Narrow[]): Promise<Tensors> {
  const all: Tensors[] = [];
  for (const { variant, model, network } of narrower) {
    const read = await network.read();
    const own = nodesOf(model, "batch-norm").flatMap(({ name }) => [...prefixed(name, under(name, read))]);
    all.push(prefixed(variant, new Map(own)));
  }
  return new Map(all.flatMap((tensors) => [...tensors]));
}

async function artifactsOf({ model, network, masks }: Omit<Narrow, "variant">): Promise<StageArtifact[]> {
  const weights = await network.read();
  return [
    { role: "weights", bytes: encodeWeights(model, weights), mediaType: safetensorsType },
    { role: "masks", bytes: encodeStudent(model, weights, masks), mediaType: safetensorsType },
  ];
}
