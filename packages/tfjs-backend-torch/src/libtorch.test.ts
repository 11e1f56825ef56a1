import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { findLibtorch } from "./libtorch.ts";

const folders: string[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** An environment of Python with torch in it, as far as it is looked at. */
async function setup() {
  const environment = await mkdtemp(join(tmpdir(), "libtorch-"));
  folders.push(environment);
  const torch = join(environment, "lib/python3/site-packages/torch");
  const files = {
    [join(environment, "bin/python3")]: `#!/bin/sh\necho ${torch}/__init__.py\n`,
    [join(torch, "share/cmake/Torch/TorchConfig.cmake")]: "",
    [join(torch, "share/cmake/Torch/TorchConfigVersion.cmake")]: 'set(PACKAGE_VERSION "9.9.9")',
    [join(torch, "include/torch/all.h")]: "#if __cplusplus < 202002L",
    [join(torch, "lib/libc10.so")]: "",
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o755 });
  }
  return { torch, bin: join(environment, "bin") };
}

it("is not taken from the Python that tests and benches are told of", async () => {
  const { bin } = await setup();
  vi.stubEnv("LIBTORCH", undefined);
  const before = await findLibtorch();
  vi.stubEnv("PYTHON", join(bin, "python3"));
  expect(await findLibtorch()).toEqual(before);
});

it("is taken from the folder that LIBTORCH names, else from the Python on PATH", async () => {
  const { torch, bin } = await setup();
  const found = { version: "9.9.9", libraries: join(torch, "lib"), standard: 20, cuda: false };
  vi.stubEnv("LIBTORCH", torch);
  expect(await findLibtorch()).toMatchObject(found);
  vi.stubEnv("LIBTORCH", undefined);
  vi.stubEnv("PATH", bin);
  expect(await findLibtorch()).toMatchObject(found);
});
