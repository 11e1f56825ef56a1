import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { fuzz } from "./fuzz.ts";
import { lotOf } from "./mutation.ts";
import { type Lost, supervise } from "./supervise.ts";
import type { Opened, Reading, Target } from "./target.ts";
import { targets } from "./targets/index.ts";

/** What takes a second a reader; `npm run fuzz` looks deeper. */
const inputs = 100;
const seed = 16;
const none = () => {};

describe.each(Object.entries(targets))("the readers of %s", (_, readers) => {
  it.each(readers.map((target) => [target.name, target] as const))(
    `%s: reads or refuses ${inputs} broken inputs within bounds`,
    { timeout: 60_000 },
    async (_, target) => {
      const tally = await fuzz(target, { seed, from: 0, inputs }, none);
      expect(tally.findings.map(({ input, what }) => ({ input, what }))).toEqual([]);
      expect(tally.read + tally.refused).toBe(inputs);
      expect(tally.read).toBeGreaterThan(0);
      expect(tally.refused).toBeGreaterThan(inputs / 10);
    },
  );
});

class Refused extends Error {}

/** A reader that reads its sound file, and does with any other what a test is about. */
const reader = (read: (bytes: Uint8Array) => Reading, limits?: Target["limits"]): Target => {
  const sound = Buffer.from("a file of some words");
  const opened: Opened = {
    files: { file: sound },
    read: ({ file = sound }) => (sound.equals(file) ? { bytes: 1 } : read(file)),
    isRefusal: (error) => error instanceof Refused,
  };
  return { name: "a reader", open: () => opened, ...(limits && { limits }) };
};
const found = async (target: Target) =>
  (await fuzz(target, { seed, from: 5, inputs: 20 }, none)).findings.map(({ what }) => what);
const throwing = (thrown: unknown) => () => {
  throw thrown;
};

describe("fuzzing", () => {
  it("finds nothing in a reader that reads or refuses", async () => {
    expect(await found(reader(() => ({ bytes: 1, paths: ["a/b..c.png"] })))).toEqual([]);
    expect(await found(reader(throwing(new Refused("the file is damaged"))))).toEqual([]);
  });

  const kept: Uint8Array[] = [];
  it.each<[string, Target, RegExp]>([
    ["an error that is no refusal", reader(throwing(new TypeError("x is undefined"))), /^threw TypeError: x is/],
    ["what is no error", reader(throwing("text")), /^threw text$/],
    ["a refusal without a word", reader(throwing(new Refused(""))), /without a word/],
    ["a refusal without an end", reader(throwing(new Refused("x".repeat(3000)))), /in 3000 characters/],
    ["more bytes than the input gives cause for", reader(() => ({ bytes: 1e6 })), /^gave 1000000 bytes/],
    [
      "memory",
      reader(
        () => {
          kept.push(new Uint8Array(2 ** 28)); // far more than what may be collected meanwhile
          return { bytes: 1 };
        },
        { memory: 2 ** 20 },
      ),
      /^took 2\d\d\.\d MiB of memory, more than 1\.0 MiB$/,
    ],
    [
      "time",
      reader(
        () => {
          const end = performance.now() + 20;
          while (performance.now() < end);
          return { bytes: 1 };
        },
        { seconds: 0.001 },
      ),
      /^took 0\.\d s of processor time/,
    ],
    ["a path from the root", reader(() => ({ bytes: 1, paths: ["a", "/etc/passwd"] })), /asked for "\/etc\/passwd"/],
    ["a path that climbs out", reader(() => ({ bytes: 1, paths: ["a/../../b"] })), /is outside of its folder$/],
  ])("finds %s", async (_, target, what) => {
    const findings = await found(target);
    expect(findings).toHaveLength(10); // where it ends
    for (const finding of findings) expect(finding).toMatch(what);
  });

  it("refuses a target that does not read its own sound file", async () => {
    const target: Target = {
      name: "a reader",
      open: () => ({ files: { file: Buffer.of(1) }, read: () => ({ bytes: 0 }), isRefusal: () => false }),
    };
    await expect(found(target)).rejects.toThrow("a reader reads nothing of its own sound files");
  });

  it("draws an input by its seed and number alone", () => {
    const drawn = (of: number, number: number) => lotOf(of, number).broken(Buffer.alloc(100, 7)).toString("hex");
    expect(drawn(1, 2)).toBe(drawn(1, 2));
    expect(new Set([drawn(1, 2), drawn(1, 3), drawn(2, 2)]).size).toBe(3);
  });

  it.each<[what: string, then: string, told: object, limit?: { wait?: number }]>([
    ["gives its result", "process.send({ result: { read: 7 } })", { read: 7 }],
    ["dies", "process.kill(process.pid, 'SIGSEGV')", { input: 3, what: "ended its process by SIGSEGV" }],
    ["fails", "throw new Error()", { input: 3, what: "ended its process by code 1" }],
    ["stands still", "while (true);", { input: 3, what: "stood still for 0.5 s" }, { wait: 500 }],
  ])("tells of a child that %s", async (_, then, expected, limit = {}) => {
    const folder = await mkdtemp(join(tmpdir(), "fuzz-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const module = join(folder, "child.mjs");
    await writeFile(module, `process.send({ starting: 3 }, () => { ${then}; process.disconnect(); });`);
    const child = { module, args: [], options: { silent: true } };
    expect(await supervise<{ read: number } | Lost>(child, limit)).toEqual(expected);
  });
});
