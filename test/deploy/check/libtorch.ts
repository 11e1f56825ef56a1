/**
 * What stands in for the stage `libtorch-cpu` of the Dockerfile, whose wheel is in PyTorch's own index alone: the half of PyPI's
 * wheel that computes on the CPU, with the two small libraries of CUDA's that even this half is linked to.
 */
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packageOfTests } from "../../../scripts/python-environment.mjs";
import { hasImage, imageOfFolder } from "./base-image.ts";
import { output } from "./programs.ts";

export const libtorchImage = "localhost/reluctant-libtorch-cpu";

/** Why there is none, or null. */
export const whyNoLibtorch = (): string | null =>
  packageOfTests("torch") ? null : "there is no PyTorch of the tests, whose libtorch the image is given";

/** Makes it once; later calls find it in buildah's store. */
export async function makeLibtorchImage(log: string): Promise<void> {
  if (await hasImage(libtorchImage)) return;
  const torch = packageOfTests("torch") as string;
  const folder = await mkdtemp(join(tmpdir(), "reluctant-libtorch-"));
  try {
    const target = join(folder, "python/torch");
    for (const part of ["include", "share"]) await cp(join(torch, part), join(target, part), { recursive: true });
    const libraries = join(target, "lib");
    await mkdir(libraries);
    const ofCuda = /cuda|nvrtc|nvshmem|python|libtorch\.so/;
    for (const name of (await readdir(join(torch, "lib"))).filter((name) => !ofCuda.test(name)))
      await cp(join(torch, "lib", name), join(libraries, name), { recursive: true });
    // In each wheel this one holds nothing, and brings in the others: here without CUDA's.
    const others = ["-Wl,--no-as-needed", "-ltorch_cpu", "-lc10", "-Wl,--allow-shlib-undefined"];
    await output("c++", ["-shared", "-o", join(libraries, "libtorch.so"), "-L", libraries, ...others], { log });
    const cuda = join(dirname(torch), "nvidia/cu13/lib");
    for (const name of ["libcudart.so.13", "libcupti.so.13"])
      await cp(join(cuda, name), join(folder, "python/nvidia/cu13/lib", name), { dereference: true });
    await imageOfFolder(libtorchImage, folder, "COPY python /opt/python", log);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
