import { fullVariant, type MaskVariant, type ResultOf } from "@reluctant/contracts";
import { descentLevels, maskDistance, totalOf } from "@reluctant/relu";
import { maskedRelus } from "../../../activation.ts";
import { type ContextOf, type StageArtifact, type StageOutput, safetensorsType } from "../../../context.ts";
import type { Objective } from "../../../engine.ts";
import { evaluate } from "../../../evaluate.ts";
import { StageFailure } from "../../../failure.ts";
import type { FitState } from "../../../fit.ts";
import { encodeStudent, keptOf, masksFromTensors, masksToTensors, overlapsOf } from "../../../masks.ts";
import { type HostTensor, prefixed, type Tensors } from "../../../tensors.ts";
import { runSearch } from "../search.ts";
import { scoresFromTensors, scoreTensors, scoringTrainer, searchSetup } from "../search-setup.ts";
import { removal } from "./removal.ts";
import type { DescentSettings } from "./settings.ts";

/** Falling budgets, and how to come from one to the next. */
type Course = DescentSettings & { budgets: readonly number[] };

/** A budget that the descent has passed: what it found there, and the student as it was. */
interface Passed {
  found: MaskVariant;
  bytes: Uint8Array;
}

/**
 * One descent from all ReLUs, or from those of a given network, through every budget (ours; method.md §4 searches each budget
 * anew). The student trains between removals; what is removed never returns, so masks are nested, and kept units alone are
 * compared, all of them ReLUs: the fault of `paper`'s score, which sets kept against removed ones, cannot show. A student
 * leaves at each budget just before the next removal, trained under its masks.
 */
export async function run(context: ContextOf<"mask-search", { descent: DescentSettings }>): Promise<StageOutput> {
  const { params } = context;
  const course = courseOf(params);
  const setup = searchSetup(context);
  const { model, layers, student, start } = setup;
  const trainer = scoringTrainer(context, { ...setup, objective: { ...setup.objective, pram: pramOf(course) } });
  const levels = levelsOf(context, course, totalOf(start));
  const remove = removal(context, model, start);

  let masks = [...start];
  let history: ResultOf<"mask-search">["history"] = [];
  let passed: Passed[] = [];
  student.setActivations(maskedRelus(masks));

  const pass = async (budget: number, steps: number) => {
    context.report.log(`step ${steps}: ${totalOf(masks)} ReLUs are left for the budget of ${budget}`);
    const bytes = encodeStudent(model, await student.read(), masks);
    const found = {
      budget,
      images: steps * params.settings.batchSize,
      reluCount: totalOf(masks),
      allocation: keptOf(layers, masks),
      validationAccuracy: await evaluate(student, context, "validation"),
    };
    passed.push({ found, bytes });
  };

  const state: FitState = {
    save: async () => ({
      tensors: new Map([
        ...masksToTensors(model, masks),
        ...scoreTensors(await trainer.readScores()),
        ...passedTensors(passed),
      ]),
      notes: { history, found: passed.map(({ found }) => found) },
    }),
    load: ({ tensors, notes }) => {
      const saved = notes as { history: typeof history; found: MaskVariant[] };
      masks = masksFromTensors(tensors, model);
      history = saved.history;
      passed = saved.found.map((found) => ({ found, bytes: passedBytes(tensors, found.budget) }));
      student.setActivations(maskedRelus(masks));
      trainer.loadScores(scoresFromTensors(tensors));
    },
  };
  return runSearch(context, setup, {
    trainer,
    state,
    async afterStep(step) {
      const done = step + 1;
      const removalsDone = done / params.intervalSteps - 1;
      const level = levels[removalsDone];
      if (level === undefined) return;
      const arrived = course.budgets[removalsDone / course.removals - 1];
      if (arrived !== undefined) await pass(arrived, done);
      const scores = await trainer.readScores();
      const next = remove(masks, scores, level);
      history.push({ step: done, distance: maskDistance(masks, next), overlap: overlapsOf(masks, next) });
      masks = next;
      student.setActivations(maskedRelus(masks));
      trainer.loadScores(scores.map((sums) => sums.map((sum) => sum * course.scoreMemory)));
      return { points: [{ series: "relus", step: done, value: totalOf(masks) }] };
    },
    async end({ steps, images }) {
      await pass(params.budget, steps);
      const { found } = passed.at(-1) as Passed;
      const variants = Object.fromEntries(passed.map((one) => [String(one.found.budget), one.found]));
      return {
        outcome: "succeeded",
        result: { kind: "mask-search", ...found, images, history, variants },
        artifacts: artifactsOf(passed),
        points: [],
      };
    },
  });
}

const pramOf = ({ pramWeight }: Course): Objective["pram"] =>
  pramWeight > 0 ? { form: "attention", weight: pramWeight } : undefined;

/** ReLUs left after each removal. @throws StageFailure when the steps are too few for them, or there is nothing to remove */
function levelsOf({ params }: ContextOf<"mask-search">, { budgets, removals }: Course, units: number): number[] {
  const above = budgets.find((budget) => budget > units);
  if (above !== undefined)
    throw new StageFailure(
      "bad-input",
      `the budget of ${above} is above the ${units} ReLUs that the descent begins at`,
    );
  const levels = descentLevels(units, budgets, removals);
  if ((levels.length + 1) * params.intervalSteps > params.steps)
    throw new StageFailure(
      "bad-input",
      `${params.steps} steps are too few for ${levels.length} removals, ${params.intervalSteps} steps apart`,
    );
  return levels;
}

function courseOf({ descent, budgets }: ContextOf<"mask-search", { descent: DescentSettings }>["params"]): Course {
  if (!budgets) throw new StageFailure("bad-input", "a descent needs params.budgets");
  return { ...descent, budgets };
}

/** The `masks` artifact of each budget; the last is also the run's own. */
const artifactsOf = (passed: readonly Passed[]): StageArtifact[] =>
  passed.flatMap(({ found, bytes }, index) => {
    const artifact: StageArtifact = { role: "masks", variant: String(found.budget), bytes, mediaType: safetensorsType };
    return index + 1 === passed.length ? [artifact, { ...artifact, variant: fullVariant }] : [artifact];
  });

const passedTensors = (passed: readonly Passed[]): Map<string, HostTensor> =>
  prefixed(
    "passed",
    new Map(passed.map(({ found, bytes }) => [`${found.budget}`, { shape: [bytes.length], values: bytes }])),
  );

function passedBytes(tensors: Tensors, budget: number): Uint8Array {
  const bytes = tensors.get(`passed.${budget}`)?.values;
  if (!(bytes instanceof Uint8Array)) throw new Error(`the student at ${budget} ReLUs is missing`);
  return bytes;
}
