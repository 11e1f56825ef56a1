import { fork } from "node:child_process";
import { once } from "node:events";
import type { Logger } from "@reluctant/telemetry";
import { childEnvironment } from "./child-process.ts";
import { type DatasetCatalog, DatasetsInPreparation, type HeldDatasets } from "./datasets.ts";
import type { PreparingNews, PreparingTask } from "./preparing.ts";

export interface PreparingOptions {
  script: URL;
  task: PreparingTask;
  env: NodeJS.ProcessEnv;
  catalog: DatasetCatalog;
  log: Logger;
}

export interface Preparing {
  readonly datasets: HeldDatasets;
  /** Resolves once all are there that were met before. @throws what keeps them from being looked for, or registered */
  readonly opened: Promise<void>;
  /** Ends it, wherever it is. */
  end(): void;
}

/** Starts the process that prepares data sets, and follows it. */
export function startPreparing({ script, task, env, catalog, log }: PreparingOptions): Preparing {
  const datasets = new DatasetsInPreparation(catalog, log);
  const child = fork(script, [JSON.stringify(task)], {
    env: childEnvironment(env),
    execArgv: [],
    serialization: "json",
  });
  let heard: Promise<void> = Promise.resolve();
  let ended = false;
  const opened = new Promise<void>((resolve, reject) => {
    child.on("message", (news: PreparingNews) => {
      heard = heard
        .then(() => datasets.hear(news))
        .then(
          () => {
            if (news.type === "opened") resolve();
          },
          (error: unknown) => {
            reject(error);
            datasets.lost(error instanceof Error ? error.message : String(error));
          },
        );
    });
    void once(child, "exit").then(async ([code, signal]) => {
      await heard;
      if (ended || code === 0) return resolve();
      const how = signal ?? `exit code ${code}`;
      datasets.lost(how);
      reject(new Error(`the process that prepares data sets ended (${how})`));
    }, reject);
  });
  opened.catch(() => {}); // whoever waits for it is told
  return {
    datasets,
    opened,
    end() {
      ended = true;
      child.kill("SIGKILL");
    },
  };
}
