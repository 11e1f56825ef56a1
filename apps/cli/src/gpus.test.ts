import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findGpus, sharesOf, slotsOf, visibleGpus } from "./gpus.ts";

const listing = `GPU 0: NVIDIA H200 (UUID: GPU-6ca8d0a1-0001-4f00-a000-000000000000)
GPU 1: NVIDIA H200 (UUID: GPU-7bb1c0a2-0002-4f00-a000-000000000001)
  MIG 3g.71gb     Device  0: (UUID: MIG-a1000000-0000-5000-8000-000000000000)
  MIG 1g.18gb     Device  1: (UUID: MIG-a1000000-0000-5000-8000-000000000001)
GPU 2: NVIDIA H200 (UUID: GPU-8cc2d0a3-0003-4f00-a000-000000000002)
`;
const names = (visible?: string) => visibleGpus(listing, visible).map(({ name }) => name);

test("each GPU is a slot, and of one that MIG divides each part", () => {
  expect(names()).toEqual(["gpu0", "gpu1-mig0", "gpu1-mig1", "gpu2"]);
  expect(visibleGpus(listing, undefined)[1]).toEqual({
    uuid: "MIG-a1000000-0000-5000-8000-000000000000",
    name: "gpu1-mig0",
    model: "NVIDIA H200 3g.71gb",
  });
  expect(visibleGpus("No devices found.\n", undefined)).toEqual([]);
});

test("CUDA_VISIBLE_DEVICES chooses by place and by UUID, up to what is not there", () => {
  expect(names("2,0")).toEqual(["gpu2", "gpu0"]);
  expect(names("GPU-7bb1,MIG-a1000000-0000-5000-8000-000000000001,0")).toEqual(["gpu1-mig0", "gpu1-mig1", "gpu0"]);
  expect(names("0,-1,2")).toEqual(["gpu0"]);
  expect(names("7")).toEqual([]);
});

test("the driver is asked by nvidia-smi, and each slot sees its GPU alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-gpus-"));
  try {
    const PATH = `${folder}:/usr/bin:/bin`;
    await expect(findGpus({ PATH: folder })).rejects.toThrow("there is no nvidia-smi on PATH");
    await writeFile(join(folder, "nvidia-smi"), `#!/bin/sh\n[ "$1" = -L ] && cat <<'END'\n${listing}END\n`, {
      mode: 0o755,
    });
    await expect(findGpus({ PATH, CUDA_VISIBLE_DEVICES: "9" })).rejects.toThrow(
      "no GPU, of those that CUDA_VISIBLE_DEVICES=9",
    );
    const env = { PATH, CUDA_VISIBLE_DEVICES: "1,2", DATABASE_URL: "postgresql://db" };
    const slots = slotsOf(await findGpus(env), { env, host: "node7", cores: 8 });
    expect(slots.map(({ name }) => name)).toEqual(["node7-gpu1-mig0", "node7-gpu1-mig1", "node7-gpu2"]);
    expect(slots[0]?.variables).toEqual({
      CUDA_VISIBLE_DEVICES: "MIG-a1000000-0000-5000-8000-000000000000",
      RELUCTANT_WORKER_NAME: "node7-gpu1-mig0",
      RELUCTANT_THREADS: "2",
    });
    expect(slotsOf([], { env, host: "node7", cores: 8 })).toEqual([]);
    await writeFile(join(folder, "nvidia-smi"), "#!/bin/sh\necho no driver >&2; exit 9\n", { mode: 0o755 });
    await expect(findGpus({ PATH })).rejects.toThrow("no driver");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("slots of the processor have names of their own, and divide its cores", () => {
  const slots = sharesOf({ workers: 2, env: { RELUCTANT_POOL: "small" }, host: "node7", cores: 9 });
  expect(slots.map(({ name }) => name)).toEqual(["node7-1", "node7-2"]);
  expect(slots[1]?.variables).toEqual({ RELUCTANT_THREADS: "4", RELUCTANT_WORKER_NAME: "node7-2" });
  const env = { RELUCTANT_THREADS: "3", RELUCTANT_WORKER_NAME: "fast" };
  expect(sharesOf({ workers: 1, env, host: "node7", cores: 2 })).toEqual([
    { name: "fast-1", variables: { RELUCTANT_THREADS: "3", RELUCTANT_WORKER_NAME: "fast-1" } },
  ]);
});
