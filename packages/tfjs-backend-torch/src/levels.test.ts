import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { cpuLevels, machineCpuLevels } from "./index.ts";
import { unavailable, whereTorch } from "./where-torch.ts";

/** Libraries read their variables once, so each level has a process: a convolution in it, and what it tells. */
function computeAt(level: string, environment: Record<string, string> = {}) {
  const script = `
    import * as tf from "@tensorflow/tfjs";
    import { registerTorchBackend, supportedPrecisions, torchInfo } from "@reluctant/tfjs-backend-torch";
    await registerTorchBackend();
    await tf.setBackend("torch");
    tf.conv2d(tf.ones([2, 8, 8, 4]), tf.ones([3, 3, 4, 8]), 1, "same").dataSync();
    console.log(JSON.stringify({ level: torchInfo().cpuLevel, precisions: supportedPrecisions() }));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    env: { ...process.env, ...environment, ONEDNN_VERBOSE: "1", TFJS_TORCH_CPU_LEVEL: level },
    encoding: "utf8",
  });
  const told = stdout.split("\n").find((line) => line.startsWith("{"));
  return { status, stderr, ...(JSON.parse(told ?? "{}") as object), oneDnn: /cpu,isa:(.*)/.exec(stdout)?.[1] };
}

/** Loading libtorch takes a second, and ten on a busy machine. */
const timeout = 120_000;

describe("TFJS_TORCH_CPU_LEVEL", { ...whereTorch, timeout }, () => {
  const oneDnn = { baseline: /SSE4\.1$/, avx2: /AVX2$/, avx512: /AVX-512/ };
  const here = unavailable ? [] : machineCpuLevels();

  it("this machine has levels, from the lowest on", () => {
    expect(here).toEqual(cpuLevels.slice(0, here.length));
    expect(here[0]).toBe("baseline");
  });

  it.each(here)("%s is what all compute at, whatever their own variables say", (level) => {
    const computed = computeAt(level, { ONEDNN_MAX_CPU_ISA: "AVX", DNNL_MAX_CPU_ISA: "AVX" });
    expect(computed).toMatchObject({
      level,
      oneDnn: process.arch === "x64" ? expect.stringMatching(oneDnn[level]) : undefined,
    });
    if (level !== "avx512") expect(computed).toMatchObject({ precisions: ["fp32"] });
  });

  it("a level that there is not ends with what there is, and is no want of libtorch", () => {
    const { status, stderr } = computeAt("sse9");
    expect(status).not.toBe(0);
    expect(stderr).toContain(`TFJS_TORCH_CPU_LEVEL is "sse9", which is no level: use one of ${here.join(", ")}`);
    expect(stderr).not.toContain("TorchUnavailableError");
  });
});
