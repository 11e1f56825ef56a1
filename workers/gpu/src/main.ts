import { setMaxListeners } from "node:events";
import { ReluctantError } from "@reluctant/contracts";
import { createLogger, type Logger, settingsOrEnd } from "@reluctant/telemetry";
import { makeCache, readSlots, type SlotConfig } from "./config.ts";
import { openHost } from "./host.ts";
import { serveSlot } from "./serve-slot.ts";
import { serveSlots } from "./serve-slots.ts";
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

/** The exit code. */
async function main(): Promise<number> {
  const { signal } = ending;
  try {
    const host = await openHost({ config, slots: slots.length, signal, log });
    const serve = (slot: SlotConfig, log: Logger) => serveSlot(host, slot, { signal, serving, log });
    const code = await serveSlots(slots, { serve, signal, log });
    await host.close();
    return code;
  } catch (err) {
    if (signal.aborted) return 0;
    if (err instanceof ReluctantError) log.fatal(err.message);
    else log.fatal({ err }, "the worker ends");
    return 1;
  }
}
