import {
  type Experiment,
  type ExperimentSpecInput,
  type ExperimentSummary,
  type FoundPoint,
  type LinearProtocol,
  linearProtocols,
  type NetworkProfileName,
  networkProfileNames,
  type PiSystem,
  type PlanAnswer,
  piSystems,
  ReluctantError,
  type ReluProtocol,
  reluProtocols,
} from "@reluctant/contracts";
import { measuringSpec } from "@reluctant/relu";
import { ApiError, type Client } from "@reluctant/sdk";
import { registry } from "@reluctant/stages/definitions";
import { type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { findExperiment } from "../find-experiment.ts";
import { findPoint } from "../find-point.ts";
import { print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";
import { wholeNumber } from "../whole-number.ts";
import { show } from "./pi-show.ts";
import { finish } from "./watch.ts";

interface Flags extends ConnectionFlags {
  methods?: string[];
  budgets?: string[];
  seeds?: number[];
  system: PiSystem;
  protocols?: ReluProtocol[];
  linear?: LinearProtocol;
  profiles: NetworkProfileName[];
  samples: number;
  batch: number;
  threads: number;
  repeats: number;
  remeasure?: true;
  watch?: true;
}

const seed = wholeNumber({ min: 0, max: 2 ** 31 - 1 });

export const pi = (program: Command): Command => {
  const command = measuring(program);
  show(command);
  return command;
};

const measuring = (program: Command): Command =>
  withConnection(
    program
      .command("pi <experiment-or-point>")
      .description(
        "measure private inference of the networks that an experiment distilled, or of one point of a frontier; nothing is trained again",
      )
      .option("--methods <names...>", "of an experiment's these methods; all unless named")
      .option("--budgets <budgets...>", "of an experiment's these budgets; all unless named")
      .option(
        "--seeds <seeds...>",
        "of an experiment's these seeds; all unless named",
        (text: string, before: number[] = []) => [...before, seed(text)],
      )
      .addOption(
        new Option("--system <name>", "the published system whose arrangement is run")
          .choices(piSystems)
          .default("delphi"),
      )
      .addOption(
        new Option("--protocols <names...>", "how ReLUs are computed; as the system does unless named").choices(
          reluProtocols,
        ),
      )
      .addOption(
        new Option(
          "--linear <name>",
          "what gives the correlations of linear layers; as the system does unless named: he is in the figures, dealer is not",
        ).choices(linearProtocols),
      )
      .addOption(
        new Option("--profiles <names...>", "networks between client and server")
          .choices(networkProfileNames)
          .default(["lan"]),
      )
      .option("--samples <count>", "test images of each measurement", wholeNumber({ min: 1, max: 1_000 }), 5)
      .option("--batch <count>", "images of one inference, which share its rounds", wholeNumber({ min: 1, max: 64 }), 1)
      .option("--threads <count>", "of each party", wholeNumber({ min: 1, max: 64 }), 1)
      .option(
        "--repeats <count>",
        "measurements of each; more add to what is there",
        wholeNumber({ min: 1, max: mostRepeats }),
        1,
      )
      .option("--remeasure", "one repeat more than there is of each, whatever --repeats says")
      .option("--watch", "follow it until it ends"),
  ).action(async (given: string, flags: Flags) => {
    const client = await connect(flags);
    const point = await findPoint(client, given);
    const experiment = await (point ? measurePoint(client, point, flags) : measureExperiment(client, given, flags));
    print(line`submitted ${experiment.name}: ${experiment.trials} trials, id ${experiment.id}`);
    if (flags.watch) await finish(client, experiment.id, process.stdout);
  });

/** One network: the API finds its trial. */
function measurePoint(client: Client, { id, method }: FoundPoint, flags: Flags): Promise<ExperimentSummary> {
  const several = (["methods", "budgets", "seeds"] as const).find((name) => flags[name] !== undefined);
  if (several)
    throw new ReluctantError(
      "invalid-request",
      `${id.slice(0, 8)} is one point of ${method}, of which --${several} can choose none: leave it out, or name the experiment`,
    );
  return client.points.measure(id, { ...settingOf(flags), ...(flags.remeasure && { remeasure: true }) });
}

async function measureExperiment(client: Client, given: string, flags: Flags): Promise<ExperimentSummary> {
  const { name, spec, dataset, datasetVersion } = await experimentOf(client, given);
  const sent = { ...spec, dataset: `${dataset}@${datasetVersion}` } as ExperimentSpecInput;
  const asked = (repeats: number) => measuringSpec(sent, flags, { ...settingOf(flags), repeats }, registry);
  const wanted = flags.remeasure ? await onceMore(client, asked) : asked(flags.repeats);
  refuseTraining(name, await client.experiments.plan(wanted));
  return client.experiments.submit(wanted);
}

async function experimentOf(client: Client, given: string): Promise<Experiment> {
  try {
    return await client.experiments.get(await findExperiment(client, given));
  } catch (error) {
    const code = error instanceof ApiError ? error.problem.code : error instanceof ReluctantError && error.code;
    if (code !== "not-found") throw error;
    throw new ReluctantError(
      code,
      `there is no experiment and no frontier point ${given}; list them with: reluctant ls, reluctant frontier`,
    );
  }
}

/** What is not named is as the system has it. */
const settingOf = ({ system, protocols, linear, profiles, samples, batch, threads, repeats }: Flags) => ({
  system,
  ...(protocols && { protocols }),
  ...(linear && { linear }),
  profiles,
  samples,
  batch,
  threads,
  repeats,
});

const mostRepeats = 20;

/** With the fewest repeats of which one was not measured yet. */
async function onceMore(client: Client, asked: (repeats: number) => ExperimentSpecInput): Promise<ExperimentSpecInput> {
  for (let repeats = 1; repeats <= mostRepeats; repeats++) {
    const { stageRuns } = await client.experiments.plan(asked(repeats));
    if (stageRuns.some(({ kind, known }) => kind === "private-inference" && known === null)) return asked(repeats);
  }
  throw new ReluctantError("conflict", `all was measured ${mostRepeats} times, which is as often as can be`);
}

/** Measuring shall not train for hours unasked: all else must be there, or on its way. */
function refuseTraining(name: string, { stageRuns }: PlanAnswer): void {
  const missing = stageRuns.filter(({ kind, known }) => kind !== "private-inference" && known === null);
  const [first] = missing;
  if (!first) return;
  throw new ReluctantError(
    "conflict",
    `${missing.length} stage runs of ${name} have no result, such as a ${first.kind} of seed ${first.seed}: retry or extend it first, or submit a spec with pi`,
  );
}
