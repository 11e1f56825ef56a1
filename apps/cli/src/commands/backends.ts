import { type BackendName, backendNames, type EngineInfo, ReluctantError } from "@reluctant/contracts";
import { backendCaches, homeCache } from "@reluctant/machine";
import { Argument, type Command } from "commander";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";

/** Whether a backend runs on this machine. */
interface Standing {
  backend: BackendName;
  engine: EngineInfo | null;
  /** Why it does not run here, and what to do. */
  reason: string | null;
}

export const backends = (program: Command): Command => {
  const command = program.command("backends").description("what computes on this machine, or add a backend to it");
  command
    .command("list", { isDefault: true })
    .description("backends in the order in which workers choose, and what those that do not run here lack")
    .addOption(jsonOption("print them as a JSON array"))
    .addOption(jsonLinesOption())
    .action(async (flags: ListFlags) => {
      useCacheOfWorkers();
      const standings: Standing[] = [];
      for (const backend of backendNames) standings.push(await standingOf(backend));
      if (!printedAsJson(standings, flags)) print(listed(standings));
    });
  command
    .command("add")
    .description("build a backend that is not there by itself: TensorFlow's, against the TensorFlow of Python")
    .addArgument(new Argument("<name>").choices(["tensorflow"]))
    .action(async () => {
      useCacheOfWorkers();
      const { addTensorflow } = await import("@reluctant/tfjs-backend-tensorflow");
      const added = await addTensorflow();
      if ("missing" in added) throw new ReluctantError("unavailable", added.missing);
      print(`tensorflow ${added.tensorflow.version} can be used: --backend tensorflow, or RELUCTANT_BACKEND`);
    });
  return command;
};

/** Backends are built, and looked for, where a worker in this environment looks for them. */
function useCacheOfWorkers(): void {
  const cache = process.env.RELUCTANT_CACHE || homeCache(process.env);
  if (cache) Object.assign(process.env, backendCaches(process.env, cache));
}

/** Opens it: what a library says of itself is all that counts. Loaded here, for it takes seconds. */
async function standingOf(backend: BackendName): Promise<Standing> {
  const { BackendUnavailableError, createEngine } = await import("@reluctant/engine");
  try {
    const { info } = await createEngine({ backend, threads: 1, precision: "fp32" });
    return { backend, engine: info, reason: null };
  } catch (error) {
    if (error instanceof BackendUnavailableError) return { backend, engine: null, reason: error.message };
    throw error;
  }
}

export function listed(standings: readonly Standing[]): string {
  const lack = ({ backend, reason }: Standing) => reason?.replace(`backend ${backend}: `, "") ?? ""; // the row names it
  const rows = standings.map((standing) => {
    const { backend, engine } = standing;
    return engine
      ? [backend, "yes", engine.device, engine.precisions.join(", "), versionsOf(engine)]
      : [backend, "no", "–", "–", lack(standing)];
  });
  const titles = ["backend", "runs", "device", "precisions", "with, or what it lacks"];
  return table(
    titles.map((title) => ({ title })),
    rows,
  );
}

const versionsOf = ({ versions: { node: _, ...libraries } }: EngineInfo): string =>
  Object.entries(libraries)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
