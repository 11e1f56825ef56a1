import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { afterEach, expect, test, vi } from "vitest";
import { masks } from "./masks.ts";

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const hash = (n: number): string => String(n).padStart(64, "0");

const settings = {
  length: { images: 80 },
  batchSize: 8,
  learningRate: 0.05,
  decayAt: [],
  decayFactor: 0.1,
  warmup: 0,
  momentum: 0.9,
  weightDecay: 0,
  cropPadding: 0,
  flip: false,
  distillWeight: 0.5,
  temperature: 4,
};
const run = (n: number, kind: string, own: object) => ({
  id: uuid(n),
  stageKey: hash(n),
  kind,
  implementation: `${kind}/test`,
  version: 1,
  precision: "fp32",
  seed: 1,
  state: "succeeded",
  reason: null,
  inputs: [],
  origin: null,
  trials: 1,
  attempts: 1,
  progress: null,
  artifacts: [{ role: "masks", variant: "full", sha256: hash(n), bytes: 1, mediaType: "" }],
  createdAt: "2026-01-01T00:00:00.000Z",
  finishedAt: null,
  ...own,
});
const search = run(1, "mask-search", {
  params: {
    kind: "mask-search",
    model: "net",
    budget: 5,
    granularity: "pixel",
    steps: 10,
    intervalSteps: 5,
    settings: {
      ...settings,
      interval: { images: 40 },
      score: "paper",
      stopDistance: 0,
      allocation: "uniform",
      allocationFloor: 0,
    },
  },
  result: {
    kind: "mask-search",
    images: 80,
    reluCount: 5,
    allocation: [{ layer: "relu1", size: 8, kept: 5 }],
    history: [{ step: 5, distance: 0.4, overlap: [0.6] }],
    validationAccuracy: 0.5,
  },
});
const distillation = run(2, "distillation", {
  params: { kind: "distillation", model: "net", steps: 10, settings: { ...settings, pram: "off", pramWeight: 0 } },
  inputs: [{ name: "student", stageRunId: uuid(1), variant: "full", artifact: null }],
  result: null,
});
const maps = {
  model: "net",
  reluCount: 5,
  layers: [{ layer: "relu1", shape: [2, 2, 2], kept: 5, channelsKept: [2, 2, 1, 0] }],
};

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** The command against an API of two stage runs; what it printed. */
async function setup() {
  const answers: Record<string, unknown> = {
    [`/api/v1/stage-runs/${uuid(1)}`]: search,
    [`/api/v1/stage-runs/${uuid(2)}`]: distillation,
    [`/api/v1/artifacts/${hash(1)}/mask-maps`]: maps,
    [`/api/v1/artifacts/${hash(2)}/mask-maps`]: maps,
  };
  const server = createServer((request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answers[request.url ?? ""]));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = await mkdtemp(join(tmpdir(), "reluctant-masks-"));
  cleanUps.push(
    () => server.close(),
    () => rm(folder, { recursive: true }),
  );
  await writeFile(join(folder, "token"), "rlt_secret");
  const written = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  cleanUps.push(() => written.mockRestore());
  const reluctant = async (...args: string[]): Promise<string> => {
    written.mockClear();
    const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const program = new Command();
    masks(program);
    await program.parseAsync(["masks", ...args, "--api", api, "--token", join(folder, "token")], { from: "user" });
    return written.mock.calls.map(([text]) => text).join("");
  };
  return { folder, reluctant };
}

test("a distillation's masks are drawn with the last update of the search behind it", async () => {
  const { reluctant } = await setup();
  for (const id of [uuid(1), uuid(2)]) {
    const text = await reluctant(id);
    expect(text).toContain("5 of 8 ReLUs kept (62.5 %); 40.0 % exchanged at the only update.");
    expect(text).toMatch(/relu1 +2×2×2 +5 +8 +62\.5 % +60\.0 %/);
    expect(text).toContain("⣿".repeat(16)); // both places of the upper row keep both channels
  }
  expect(await reluctant(hash(1))).toMatch(/relu1 +2×2×2 +5 +8 +62\.5 % +–/);
  expect(JSON.parse(await reluctant(uuid(2), "--json"))).toMatchObject({ reluCount: 5, updates: [{ step: 5 }] });
});

test("--out leaves the drawing as SVG and as PNG", async () => {
  const { folder, reluctant } = await setup();
  const out = join(folder, "drawn");
  expect(await reluctant(uuid(1), "--out", out)).toContain(`wrote ${join(out, "masks.svg")} and`);
  const svg = await readFile(join(out, "masks.svg"), "utf8");
  const [, width] = /width="(\d+)"/.exec(svg) ?? [];
  const png = sharp(join(out, "masks.png"));
  expect(await png.metadata()).toMatchObject({ format: "png", width: 2 * Number(width) });
  const { channels } = await png.stats();
  expect(channels.some(({ stdev }) => stdev > 1)).toBe(true); // something is drawn
});

test("a variant that the stage run has not is refused with those that it has", async () => {
  const { reluctant } = await setup();
  await expect(reluctant(uuid(1), "--variant", "0.5")).rejects.toThrow(/--variant 0\.5: .* has full/);
});
