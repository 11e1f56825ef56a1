import { setMaxListeners } from "node:events";
import { ReluctantError } from "@reluctant/contracts";
import { createLogger, settingsOrEnd } from "@reluctant/telemetry";
import { makeCache, readSlots, type SlotConfig } from "./config.ts";
import { type Host, openHost } from "./host.ts";
import { serveSlot } from "./serve-slot.ts";
import type { Supervisor } from "./supervisor.ts";

/** The slots of a machine, one or several: `node dist/main.js`, configured by the environment (config.ts). SIGTERM drains them. */
const slots = settingsOrEnd((env) => {
  const read = readSlots(env);
  makeCache(read[0].config);
  return read;
});
const [{ config }] = slots;
const log = createLogger({ name: "worker", level: config.logLevel });

/** Aborted once it is asked to end. */
const ending = new AbortController();
setMaxListeners(0, ending.signal); // each slot waits for several things
const serving = new Set<Supervisor>();
/** Slurm asks each process of a job, and the job's script passes it on: what comes within a second is one request. */
const oneRequestMs = 1_000;
let askedAt = Number.NEGATIVE_INFINITY;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (performance.now() - askedAt < oneRequestMs) return;
    askedAt = performance.now();
    log.info({ signal }, "asked to end");
    ending.abort();
    for (const supervisor of serving) supervisor.drain();
  });
}

process.exit(await main());

/** The exit code, once every slot has ended: one that fails does not end the others. */
async function main(): Promise<number> {
  const { signal } = ending;
  try {
    const host = await openHost({ config, slots: slots.length, signal, log });
    const codes = await Promise.all(slots.map((slot) => served(host, slot)));
    await host.close();
    return Math.max(...codes);
  } catch (error) {
    return signal.aborted ? 0 : failed(error, log);
  }
}

async function served(host: Host, slot: SlotConfig): Promise<number> {
  const { signal } = ending;
  const slotLog = slots.length === 1 ? log : log.child({ worker: slot.config.name });
  try {
    await serveSlot(host, slot, { signal, serving, log: slotLog });
    return 0;
  } catch (error) {
    return signal.aborted && error === signal.reason ? 0 : failed(error, slotLog);
  }
}

function failed(err: unknown, of: typeof log): number {
  if (err instanceof ReluctantError) of.fatal(err.message);
  else of.fatal({ err }, "the worker ends");
  return 1;
}
