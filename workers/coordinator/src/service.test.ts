import { createLogger } from "@reluctant/telemetry";
import { expect, test, vi } from "vitest";
import { periodicService } from "./service.ts";

function setup(work: (round: number) => Promise<void>) {
  const lines: string[] = [];
  const log = createLogger(
    { name: "test", level: "info" },
    { write: (line: string) => void lines.push(JSON.parse(line).msg) },
  );
  let done = 0;
  const service = periodicService({ name: "counter", everyMs: 3_600_000, log, work: () => work(++done) });
  return { service, lines, rounds: () => done };
}

test("a notification during a round is not lost: another round follows", async () => {
  let finish = () => {};
  const { service, rounds } = setup(() => new Promise((resolve) => (finish = resolve)));
  service.start();
  await vi.waitFor(() => expect(rounds()).toBe(1), 10_000);
  service.notify();
  finish();
  await vi.waitFor(() => expect(rounds()).toBe(2), 10_000);
  finish();
  await service.stop();
});

test("a failing round is said once, tried again, and said once more when it works", async () => {
  const { service, lines, rounds } = setup(async (round) => {
    if (round < 3) throw new Error("away");
  });
  service.start();
  for (const round of [1, 2, 3]) {
    await vi.waitFor(() => expect(rounds()).toBe(round), 10_000);
    service.notify();
  }
  await vi.waitFor(
    () => expect(lines).toEqual(["a round failed; it is tried again until it works", "works again"]),
    10_000,
  );
  await service.stop();
});

test("starting twice runs once, stopping twice is harmless, and a stopped service starts again", async () => {
  const { service, rounds } = setup(async () => {});
  service.start();
  service.start();
  await vi.waitFor(() => expect(rounds()).toBe(1), 10_000);
  await Promise.all([service.stop(), service.stop()]);
  service.start();
  await vi.waitFor(() => expect(rounds()).toBe(2), 10_000);
  await service.stop();
});
