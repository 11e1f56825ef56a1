import type { Worker } from "@reluctant/contracts";
import { compact } from "@reluctant/plot";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { jsonLinesOption, jsonOption, type ListFlags, printedAsJson } from "../list-output.ts";
import { ago } from "../terminal/format.ts";
import { print } from "../terminal/print.ts";
import { table } from "../terminal/table.ts";
import { line } from "../terminal/text.ts";
import { wholeNumber } from "../whole-number.ts";

export const workers = (program: Command): Command => {
  const command = program.command("workers").description("list workers, or take one out of service and put it back");
  withConnection(
    command
      .command("list", { isDefault: true })
      .description("workers of the last day and what each runs")
      .addOption(jsonOption("print them as a JSON array"))
      .addOption(jsonLinesOption()),
  ).action(async (flags: ConnectionFlags & ListFlags) => {
    const items = await (await connect(flags)).workers();
    if (!printedAsJson(items, flags)) print(listed(items));
  });
  withConnection(
    command
      .command("drain <name>")
      .description("give a worker no more work; what it runs goes on")
      .option("--reason <words>", "why, shown to everybody"),
  ).action(async (name: string, { reason, ...flags }: ConnectionFlags & { reason?: string }) => {
    told(await (await connect(flags)).drainWorker(name, { reason }));
  });
  withConnection(command.command("undrain <name>").description("put a drained worker back into service")).action(
    async (name: string, flags: ConnectionFlags) => told(await (await connect(flags)).undrainWorker(name)),
  );
  withConnection(
    command
      .command("quarantine <name>")
      .description("give a worker no work for a time, or until it is released; what it runs goes on")
      .option("--minutes <n>", "for how long; else until it is released", wholeNumber({ min: 1, max: 525_600 }))
      .option("--reason <words>", "why, shown to everybody"),
  ).action(
    async (name: string, { reason, minutes, ...flags }: ConnectionFlags & { reason?: string; minutes?: number }) => {
      const seconds = minutes && minutes * 60;
      told(await (await connect(flags)).quarantineWorker(name, { reason, seconds }));
    },
  );
  withConnection(
    command.command("release <name>").description("end a worker's quarantine; what failed there counts no more"),
  ).action(async (name: string, flags: ConnectionFlags) => told(await (await connect(flags)).releaseWorker(name)));
  return command;
};

/** `until 14:32 UTC: 3 stage runs failed here by its own fault: disk full` */
function whyOf({ reason, quarantinedUntil }: Worker): string {
  if (reason === null || quarantinedUntil === null) return reason ?? "";
  return `until ${quarantinedUntil.slice(11, 16)} UTC: ${reason}`;
}

const told = (worker: Worker): void =>
  print(line`${worker.name}: ${worker.state}${worker.reason ? ` ${whyOf(worker)}` : ""}`);

function listed(items: readonly Worker[]): string {
  if (items.length === 0) return "no worker has joined; on a machine with a GPU: reluctant worker";
  const rows = items.map((worker) => [
    worker.name,
    worker.state,
    worker.pool,
    worker.engine.device,
    worker.engine.backend,
    worker.gpuMemory === null ? "–" : `${+(worker.gpuMemory / 1e9).toFixed(1)} GB`,
    Object.entries(worker.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(" ") || "–",
    worker.stageRunId?.slice(0, 8) ?? "–",
    worker.imagesPerSecond === null ? "–" : `${compact(worker.imagesPerSecond)} img/s`,
    ago(worker.lastBeatAt, Date.now()),
    whyOf(worker),
  ]);
  const titles = [
    "name",
    "state",
    "pool",
    "device",
    "backend",
    "GPU memory",
    "labels",
    "runs",
    "speed",
    "heartbeat",
    "why",
  ];
  const columns = titles.map((title) => ({ title }));
  return table(columns, rows);
}
