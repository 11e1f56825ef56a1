import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type Experiment, type ExperimentSpecInput, ReluctantError } from "@reluctant/contracts";
import { emptyStackFolder, type Stack, startUnlessInterrupted, untilInterrupted } from "@reluctant/local";
import { frontierPlot } from "@reluctant/plot";
import { terminalLines } from "@reluctant/plot/terminal";
import { type Client, createClient } from "@reluctant/sdk";
import { writeFrontier } from "./commands/export.ts";
import { frontierText } from "./commands/frontier.ts";
import { followPreparing } from "./follow-preparing.ts";
import { exitCodes } from "./report-error.ts";
import { readSpec } from "./spec-file.ts";
import { duration } from "./terminal/format.ts";
import { print as say } from "./terminal/print.ts";
import { startupProgress } from "./terminal/startup-progress.ts";
import { bold, cyan, joined, line } from "./terminal/text.ts";
import { follow } from "./watch.ts";

const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));

export interface DemoFlags {
  fast?: true;
  keep?: true;
  data: string;
  workers: number;
  backend?: string;
}

/** From nothing to a frontier, and again from cache. */
export async function runDemo(flags: DemoFlags): Promise<void> {
  const interrupted = untilInterrupted();
  await emptyStackFolder(flags.data);
  say(bold("Starting Postgres, Redis, coordinator, API and workers"));
  const options = {
    dir: flags.data,
    workers: 1,
    slots: flags.workers,
    env: {
      ...process.env,
      RELUCTANT_THREADS: "1",
      ...(flags.fast && { RELUCTANT_DATA: "glyphs-small" }),
      ...(flags.backend && { RELUCTANT_BACKEND: flags.backend }),
    },
    ...startupProgress(process.stdout),
  };
  const stack = await startUnlessInterrupted(options, interrupted);
  if (!stack) {
    process.exitCode = exitCodes.interrupted;
    return;
  }
  try {
    const work = runExperiments(stack, flags);
    const ended = await Promise.race([work, interrupted.then(() => "interrupted" as const)]);
    if (ended === "interrupted") {
      process.exitCode = exitCodes.interrupted;
      return;
    }
    if (flags.keep) {
      say(`\nStaying up at ${stack.credentials?.loginLink} until Ctrl-C`);
      await interrupted;
    }
  } finally {
    await stack.stop();
  }
}

async function runExperiments(stack: Stack, flags: DemoFlags): Promise<void> {
  const client = createClient({ baseUrl: stack.address as string, token: stack.credentials?.token });
  await followPreparing(client, process.stdout);
  const spec = await specFor(client, flags);
  say(line`Dashboard: ${cyan(stack.credentials?.loginLink ?? "")}\n`);

  const whole: ExperimentSpecInput = { ...(await readSpec(spec.path)), dataset: spec.dataset };
  const { pi: _, ...training } = whole;
  say(bold(`Submitting ${relative(process.cwd(), spec.path)}: ${spec.why}`));
  const { model } = await submitAndFollow(client, training);
  say(bold("\nMeasuring private inference of its networks, one at a time"));
  await withOneWorker(client, () => submitAndFollow(client, whole));
  const found = await client.frontier(spec.dataset, model);
  const files = await writeFrontier(found, process.cwd());
  const overLatency = terminalLines(frontierPlot(found, { axis: "online-latency" }), { width: 80, height: 20 });
  say(joined(["", ...overLatency.map((cells) => line`${cells}`), "", frontierText(found, process.stdout.columns), ""]));

  say(bold("Submitting the same spec again"));
  const again = await submitAndFollow(client, whole);
  if (again.progress.cached !== again.stageRuns.length) {
    throw new ReluctantError(
      "internal",
      `only ${again.progress.cached} of ${again.stageRuns.length} stage runs came from the cache`,
    );
  }
  say(
    `\nWrote ${files.map((file) => relative(process.cwd(), file)).join(" and ")}; the stack's data and logs are in ${flags.data}`,
  );
  say("Next:  npm start                                     keep a stack up, with its dashboard");
  say("       npx reluctant submit examples/quick.yaml      an experiment of your own");
  say("       npx reluctant plan examples/cifar10-resnet20.yaml   what a larger sweep would cost");
}

interface DemoSpec {
  path: string;
  dataset: string;
  why: string;
}

/** The recipe is fixed by what is there, a data set and a fast backend; never by how fast the machine seems. */
async function specFor(client: Client, { fast }: DemoFlags): Promise<DemoSpec> {
  const [datasets, workers] = await Promise.all([client.datasets(), client.workers()]);
  const isSlow = workers.some(({ engine }) => engine.backend === "wasm" || engine.backend === "cpu");
  if (!fast && isSlow) {
    say("the wasm backend runs the small recipe; with libtorch-dev installed, or TensorFlow added, the full one runs");
  }
  const size = fast || isSlow ? "fast" : "full";
  const dataset = (datasets.find(({ name }) => name === "cifar10") ?? datasets[0])?.name;
  if (!dataset) throw new ReluctantError("not-found", "no data set could be used; the lines above say why");
  return { path: join(examples, `demo-${size}.yaml`), dataset, why: `${dataset}, ${size} recipe` };
}

/** Two measurements at once on one machine would disturb each other. */
async function withOneWorker(client: Client, measure: () => Promise<unknown>): Promise<void> {
  const others = (await client.workers()).slice(1).map(({ name }) => name);
  for (const name of others) await client.drainWorker(name, { reason: "measurements have the machine alone" });
  await measure();
  for (const name of others) await client.undrainWorker(name);
}

async function submitAndFollow(client: Client, spec: ExperimentSpecInput): Promise<Experiment> {
  const started = performance.now();
  const experiment = await client.experiments.submit(spec);
  const ended = await follow(client, experiment.id, process.stdout);
  if (ended.state !== "finished")
    throw new ReluctantError("internal", `the experiment ${ended.state}: ${ended.reason ?? "see the logs"}`);
  say(
    `${ended.stageRuns.length} stage runs, ${ended.progress.cached} from cache, in ${duration((performance.now() - started) / 1000)}`,
  );
  return ended;
}
