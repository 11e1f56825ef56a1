/** The kernels compiled for GPUs by a real NVRTC, which needs none: as a worker on a GPU compiles them at first use. */
import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyUnavailable } from "@reluctant/tfjs-backend-torch/testing";
import { setBackend } from "@tensorflow/tfjs-core";
import { afterAll, describe, expect, it } from "vitest";
import { python } from "../../../test/python.ts";
import { skipFor } from "../../../test/skip-for.ts";
import { trainingOps } from "./extension.ts";
import { compileKernels, rehearsalOf } from "./rehearsal.ts";

/** Prints where the wheels have it: nvidia/cu13/lib, nvidia/cuda_nvrtc/lib. */
const findLibrary =
  "import glob, sysconfig; print(*glob.glob(sysconfig.get_path('purelib') + '/nvidia/*/lib/libnvrtc.so.*'))";
const [library = ""] = execFileSync(python, ["-c", findLibrary], { encoding: "utf8" }).trim().split(" ");

const unavailable = await whyUnavailable({ extensions: [rehearsalOf(trainingOps)] });
if (!unavailable) await setBackend("torch");
const folder = await mkdtemp(join(tmpdir(), "training-ops-nvrtc-"));
afterAll(() => rm(folder, { recursive: true }));

describe(
  "compiled for a GPU",
  skipFor(unavailable ?? (library ? undefined : "PYTHON names no Python with NVRTC")),
  () => {
    // A multiprocessor has 65,536 registers and 100 kB of shared memory or more: so much is there for 1,024 threads.
    const most = { registers: 64, shared: 24_576 };
    const mostOfLargeBlock = { registers: 64, shared: 98_304 };

    it.each([80, 90])(
      "of compute capability %i no kernel spills registers or takes too many",
      { timeout: 120_000 },
      async (capability) => {
        const path = join(folder, String(capability));
        compileKernels({ library, capability, path });
        const kernels = usageOf(await readFile(`${path}.log`, "utf8"));
        const lines = kernels.map(
          ({ name, registers, shared }) => `  ${name}: ${registers} registers, ${shared} bytes`,
        );
        console.log(`Kernels for sm_${capability}, with their shared memory\n${lines.join("\n")}`);
        expect(kernels).toHaveLength(55);
        const wasteful = kernels.filter(({ name, registers, shared, spills }) => {
          const limit = name === "top_mask" ? mostOfLargeBlock : most;
          return spills || !(registers <= limit.registers && shared <= limit.shared);
        });
        expect(wasteful).toEqual([]);
        expect(await readFile(`${path}.cubin`, "latin1")).toMatch(/^\x7fELF/);
      },
    );

    it("newer than NVRTC, is given code that its driver compiles further", async () => {
      const path = join(folder, "newer");
      compileKernels({ library, capability: 999, source: 'extern "C" __global__ void kernel() {}', path });
      expect(await readFile(`${path}.cubin`, "latin1")).toMatch(/\.target sm_\d+[\s\S]*\.entry kernel/);
    });

    it("names what does not compile, with the compiler's log, and what is missing", () => {
      const compile = (given: { library: string; source: string }) => () =>
        compileKernels({ capability: 90, path: join(folder, "none"), ...given });
      expect(compile({ library, source: "nonsense" })).toThrow(
        /the kernels of training_ops do not compile for sm_90 \(NVRTC_ERROR_COMPILATION\):\n.*nonsense/s,
      );
      expect(compile({ library: "libnowhere.so", source: "" })).toThrow(/NVRTC cannot be opened: libnowhere.so/);
    });
  },
);

/** What NVRTC's log says of each kernel. */
function usageOf(log: string) {
  const each = log.split("Compiling entry function '").slice(1);
  return each.map((text) => ({
    name: text.slice(0, text.indexOf("'")),
    registers: Number(/Used (\d+) registers/.exec(text)?.[1]),
    shared: Number(/(\d+) bytes smem/.exec(text)?.[1] ?? 0),
    spills: !/ 0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads/.test(text),
  }));
}
