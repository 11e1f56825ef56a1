import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { machineCpuLevels } from "../../packages/tfjs-backend-torch/src/index.ts";
import { unavailable, whereTorch } from "../../packages/tfjs-backend-torch/src/where-torch.ts";
import { build, guarded, root } from "./build.mjs";
import { cases } from "./cases.mjs";
import { findingsOfSweep } from "./sweeping.mjs";

/** Building the addon takes 30 seconds of a processor, and minutes of a busy one. */
const timeout = 600_000;

describe("guarded memory", { ...whereTorch, timeout }, () => {
  const folder = mkdtempSync(join(tmpdir(), "reluctant-guard-"));
  beforeAll(() => expect(build()).toBe(0), timeout);
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Writes one byte at an offset of a block. */
  function overrun(bytes: number, offset: number, at: "end" | "start") {
    const script = `
      import { createRequire } from "node:module";
      import { ensureBuilt } from "@reluctant/tfjs-backend-torch";
      const { addonPath } = await ensureBuilt();
      createRequire(import.meta.url)(addonPath).overrun(${bytes}, ${offset});`;
    const prefix = join(folder, "report");
    const { pid, signal } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(root, "packages/tfjs-backend-torch/src"),
      env: { ...guarded, TFJS_TORCH_GUARD_AT: at, TFJS_TORCH_GUARD_REPORT: prefix },
    });
    const file = `${prefix}.${pid}`;
    return { signal, report: existsSync(file) ? readFileSync(file, "utf8") : "" };
  }

  it.each([
    ["one byte behind the end, where a page without access begins", 128, 128, "end", "SIGSEGV"],
    ["one byte behind an end that is not aligned", 100, 100, "end", "SIGABRT"],
    ["one byte behind the end, far from a page's", 100, 100, "start", "SIGABRT"],
  ] as const)("finds a write of %s", (_, bytes, offset, at, signal) => {
    expect(overrun(bytes, offset, at)).toEqual({
      signal,
      report: expect.stringContaining(`0 bytes behind the end of a block of ${bytes} bytes`),
    });
  });

  it.each([
    ["end", "SIGABRT"],
    ["start", "SIGSEGV"],
  ] as const)("finds a write of one byte before a block flush with its %s", (at, signal) => {
    expect(overrun(128, -1, at)).toEqual({
      signal,
      report: expect.stringContaining("1 bytes before a block of 128 bytes"),
    });
  });

  it("finds nothing in a write to the last byte", () => {
    expect(overrun(128, 127, "end")).toEqual({ signal: null, report: "" });
  });

  // Where oneDNN's own gradient of these filters is taken: 40 findings at AVX2 by one thread, 18 at AVX-512 by two. The other
  // levels are the whole sweep's, which a change must pass too.
  it.each(unavailable ? [] : machineCpuLevels().slice(-1))(
    "finds nothing in the gradients of narrow 1x1 filters with stride, at %s",
    (level) => {
      const narrow = ({ op, filter, strides }: (typeof all)[number]) =>
        op === "conv2d" && filter[0] === 1 && filter[1] === 1 && strides[0] === 2 && (filter[2] as number) < 17;
      const all = cases();
      const [from, to] = [all.findIndex(narrow), all.findLastIndex((each) => narrow(each) && each.input[0] === 3) + 1];
      expect(to).toBeGreaterThan(from);
      expect(findingsOfSweep({ level, precision: "fp32", threads: 2, at: "start", from, to })).toEqual([]);
    },
  );
});
