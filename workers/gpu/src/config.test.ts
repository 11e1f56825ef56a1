import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { makeCache, readConfig, readSlots } from "./config.ts";

afterEach(() => vi.unstubAllEnvs());

const env = { DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x", RELUCTANT_WORKER_NAME: "gpu-1" };

test("a worker needs to know only where the control plane is", () => {
  expect(readConfig({ ...env, RELUCTANT_DATA: "/data:/more" })).toMatchObject({
    name: "gpu-1",
    pool: "default",
    dataFolders: ["/data", "/more"],
    logLevel: "info",
  });
});

test.each([
  [{ ...env, DATABASE_URL: undefined }, "DATABASE_URL is not set"],
  [{ ...env, RELUCTANT_POOL: "A pool" }, 'RELUCTANT_POOL is "A pool"'],
  [{ ...env, RELUCTANT_LABELS: "zone" }, 'RELUCTANT_LABELS is "zone"; "zone" is not name=value'],
  [{ ...env, RELUCTANT_LABELS: "zone=a b" }, 'RELUCTANT_LABELS is "zone=a b"; a name or value must be 1 to 63'],
  [{ ...env, RELUCTANT_GPU_MEMORY: "40 GiB" }, 'RELUCTANT_GPU_MEMORY is "40 GiB"; it must be gigabytes'],
  [{ ...env, RELUCTANT_CHECKPOINT_SECONDS: "often" }, 'RELUCTANT_CHECKPOINT_SECONDS is "often"'],
  [{ ...env, RELUCTANT_DECODE_THREADS: "0" }, 'RELUCTANT_DECODE_THREADS is "0"; it must be "auto" or a whole number'],
  [{ ...env, RELUCTANT_WORKER_NAME: "../x" }, 'RELUCTANT_WORKER_NAME is "../x"'],
  [{ ...env, RELUCTANT_WORKER_NAME: "\u001b]52;c;YQ==\u0007" }, 'RELUCTANT_WORKER_NAME is "\\u001b]52;c;YQ==\\u0007"'],
])("a mistake in the environment is named", (wrong, message) => {
  expect(() => readConfig(wrong)).toThrow(message);
});

test("a process has the slot that its environment describes, or those of RELUCTANT_SLOTS, each with what it has of its own", () => {
  expect(readSlots(env)).toEqual([{ config: readConfig(env), env }]);
  const own = [{ RELUCTANT_WORKER_NAME: "a", CUDA_VISIBLE_DEVICES: "GPU-1" }, { RELUCTANT_WORKER_NAME: "b" }];
  const all = { ...env, RELUCTANT_POOL: "small", RELUCTANT_SLOTS: JSON.stringify(own) };
  const slots = readSlots(all);
  expect(slots.map(({ config: { name, pool } }) => ({ name, pool }))).toEqual([
    { name: "a", pool: "small" },
    { name: "b", pool: "small" },
  ]);
  expect(slots[0].env).toEqual({ ...all, ...own[0] });
});

test.each([
  ["[]", "it must be JSON"],
  ["worker-1", "it must be JSON"],
  [
    '[{"DATABASE_URL": "postgresql://elsewhere"}]',
    "with RELUCTANT_WORKER_NAME, RELUCTANT_THREADS, CUDA_VISIBLE_DEVICES",
  ],
  ['[{"RELUCTANT_WORKER_NAME": 1}]', "it must be JSON"],
  ["[{}, {}]", "two slots called gpu-1"],
])("slots that are none are refused: %s", (given, message) => {
  expect(() => readSlots({ ...env, RELUCTANT_SLOTS: given })).toThrow(message);
});

test.each([
  [
    { RELUCTANT_WORKER_NAME: "bad\u001b[2J" },
    /^error: RELUCTANT_WORKER_NAME is "bad\\u001b\[2J"; it [^\n]*--name\)\n$/,
  ],
  [
    { RELUCTANT_CACHE: import.meta.filename },
    /^error: the cache \S+ cannot be written \(\w+\): set RELUCTANT_CACHE[^\n]+\n$/,
  ],
])(
  "a worker that is configured wrongly ends at its start with 2 and one line that says so",
  (change, message) => {
    const main = join(import.meta.dirname, "../dist/main.js");
    const { status, stderr } = spawnSync(process.execPath, [main], {
      env: { PATH: process.env.PATH, ...env, ...change },
      encoding: "utf8",
    });
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  },
  60_000,
);

test("where there is no home that can be written, the message names RELUCTANT_CACHE", () => {
  vi.stubEnv("HOME", import.meta.filename); // a file: not even root makes a folder in it
  expect(() => makeCache(readConfig(env))).toThrow(/cannot be written \(ENOTDIR\): set RELUCTANT_CACHE/);
  vi.stubEnv("HOME", "");
  expect(() => readConfig(env)).toThrow("RELUCTANT_CACHE is not set, and this user has no home folder");
  expect(readConfig({ ...env, RELUCTANT_CACHE: "/some/where" }).cacheDir).toBe("/some/where");
});

test("workers of one name have slots of their own in each installation, whoever connects", () => {
  const slotOf = (url: string) => readConfig({ ...env, DATABASE_URL: url }).slotName;
  const slot = slotOf("postgresql://ada:one@db:5432/lab");
  expect(slot).toMatch(/^gpu-1@[0-9a-f]{12}$/);
  expect(slotOf("postgresql://bob:two@db:5432/lab")).toBe(slot);
  for (const other of ["ada:one@db:5433/lab", "ada:one@db:5432/other", "ada:one@elsewhere:5432/lab"]) {
    expect(slotOf(`postgresql://${other}`)).not.toBe(slot);
  }
});
