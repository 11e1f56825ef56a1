import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { getFrontier, markSuspectPoints } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

/** Points of SENet++ on a network of 16 channels, by method and width, with what is said against them. */
async function points() {
  const found = await getFrontier(kit.deps, { identity: await kit.caller(), dataset: "shapes", model: "resnet8" });
  return Object.fromEntries(found.points.map(({ method, variant, suspect }) => [`${method} ${variant}`, suspect]));
}

async function reach(width: number) {
  await kit.submit({ methods: ["senet++"], settings: { slimmable: { widths: [width] } } });
  await kit.drain(await kit.worker());
}

/** As workers wrote it before they said at which level they compute. */
const compute = (backend: string, device: string, threads: number) =>
  kit.db.prisma.$executeRaw`
    update attempt set engine = engine - 'cpuLevel'
      || jsonb_build_object('backend', ${backend}::text, 'device', ${device}::text, 'threads', ${threads}::int)`;

test.each([
  ["fewer than 8 channels", 0.25, 1, "1 thread"],
  ["fewer than 16 channels, by several threads,", 0.5, 2, "2 threads"],
])(
  "what a network of %s reached before the mend is marked with its reason, and stays in the list",
  async (_, width, threads, by) => {
    await reach(width);
    await compute("torch", "cpu EPYC", threads);
    expect(await markSuspectPoints(kit.deps)).toEqual({ points: 2 });
    const start = `a network of width ${width} was trained on cpu EPYC by ${by} before`;
    const reason = expect.stringContaining(start);
    expect(await points()).toEqual({ "ar full": null, "senet++ full": reason, [`senet++ ${width}`]: reason });
    expect(await markSuspectPoints(kit.deps)).toEqual({ points: 0 });
  },
);

test.each([
  ["of 8 channels, by one thread,", 0.5, 1, "torch", "cpu EPYC"],
  ["on a GPU", 0.25, 1, "torch", "cuda, float32 products in TF32"],
  ["on another backend", 0.25, 1, "wasm", "cpu EPYC"],
])("networks %s are not marked", async (_, width, threads, backend, device) => {
  await reach(width);
  await compute(backend, device, threads);
  expect(await markSuspectPoints(kit.deps)).toEqual({ points: 0 });
});

test("nor is what a worker computed that says its level", async () => {
  await kit.submit({ methods: ["senet++"], settings: { slimmable: { widths: [0.25] } } });
  const engine = { backend: "torch", device: "cpu EPYC", memoryBytes: null, threads: 1, precisions: ["fp32" as const] };
  await kit.drain(await kit.worker({ engine: { ...engine, deterministic: false, versions: {}, cpuLevel: "avx2" } }));
  expect(await markSuspectPoints(kit.deps)).toEqual({ points: 0 });
});
