import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadBridge } from "./bridge.ts";
import { ensureBuilt } from "./build.ts";
import { setThreads, torchInfo } from "./index.ts";
import { type Mode, noise, on } from "./testing.ts";
import { whereTorch } from "./where-torch.ts";

/** An index that is not there: only libtorch sees it. */
const badGather = () => tf.gather(tf.tensor1d([1, 2]), tf.tensor1d([100], "int32"));

describe("errors of libtorch", whereTorch, () => {
  it("are thrown at once, name the operator, and leave the backend working", async () => {
    await on("torch", () => {
      expect(badGather).toThrow(/^aten::index_select: .*id=100/);
      expect(Array.from(tf.add(1, 1).dataSync())).toEqual([2]);
    });
  });

  it("reject exactly the reads that depend on them when operators run on the engine thread", async () => {
    await on(
      "torch",
      async () => {
        const bad = badGather();
        const good = tf.add(1, 1);
        await expect(tf.relu(bad).data()).rejects.toThrow(/^aten::index_select: /);
        expect(() => bad.dataSync()).toThrow(/^aten::index_select: /);
        expect(Array.from(await good.data())).toEqual([2]);
      },
      "async",
    );
  });

  it("do not come from string tensors, which stay in JavaScript", async () => {
    await on("torch", () => {
      const words = tf.tensor2d(["a", "b"], [1, 2]);
      expect(tf.reshape(tf.clone(words), [2]).dataSync()).toEqual(["a", "b"]);
      expect(tf.concat([words, words]).dataSync()).toEqual(["a", "b", "a", "b"]);
      expect(() => tf.engine().runKernel("Neg", { x: words })).toThrow(/no string tensors/);
    });
  });

  it("come as an ordinary TensorFlow.js error for a kernel that does not exist", async () => {
    await on("torch", () => expect(() => tf.engine().runKernel("NoSuchKernel", {})).toThrow(/NoSuchKernel.*torch/));
  });
});

describe("the bridge", whereTorch, () => {
  it("refuses bad arguments with an error instead of crashing", async () => {
    const built = await ensureBuilt();
    if ("missing" in built) throw new Error(built.missing);
    const bridge = loadBridge(built.addonPath);
    const add = bridge.op("aten::add", "Tensor", [], [], []);
    const wrong = bridge as unknown as Record<string, (...a: unknown[]) => unknown>;
    const attempts: [() => unknown, RegExp][] = [
      [() => bridge.load("/nowhere/ops.so"), /nowhere\/ops\.so/],
      [() => bridge.op("aten::nothing", "", [], [], []), /aten::nothing/],
      [() => bridge.call(add, 900_001, 900_002, 900_003), /slot 900002 holds no tensor/],
      [() => bridge.call(add, 900_001, -5, 0), /argument 'self'.*out of range/],
      [() => bridge.call(add, 900_001), /argument 'self'.*required/],
      [() => bridge.call(99_999, 0), /unknown operator/],
      [() => bridge.upload(900_001, new Float32Array(3), [2]), /shape/],
      [() => wrong.upload?.(900_001, new Float64Array(3), [3]), /unsupported array type/],
      [() => wrong.call?.(), /call/],
      [() => wrong.free?.("x"), /integer/],
      [() => wrong.setThreads?.(0), /from 1 to 1024/],
    ];
    for (const [attempt, message] of attempts) expect(attempt).toThrow(message);
  });

  it("counts its tensors, and an operator that fails leaves none", async () => {
    await on("torch", () => {
      const [x, indices] = [tf.tensor1d([1, 2]), tf.tensor1d([100], "int32")];
      const before = torchInfo().tensors;
      expect(() => tf.gather(x, indices)).toThrow(/^aten::/);
      expect(torchInfo().tensors).toBe(before);
    });
  });

  it("sets the threads of the thread that computes", async () => {
    await on(
      "torch",
      () => {
        setThreads(2);
        expect(torchInfo().threads).toBe(2);
      },
      "async",
    );
    setThreads(1);
    expect(torchInfo().threads).toBe(1);
  });

  it.each(["process.exit(0)", "await x.data()", ""])(
    "lets a process end in the middle of queued work: '%s'",
    (ending) => {
      const script = `
      import * as tf from "@tensorflow/tfjs-core";
      import { registerTorchBackend, setAsync } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
      await registerTorchBackend();
      await tf.setBackend("torch");
      setAsync(true);
      let x = tf.ones([200, 200]);
      for (let i = 0; i < 40; i++) x = tf.matMul(x, x);
      x.data();
      ${ending};`;
      const { status, signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
        cwd: import.meta.dirname,
        encoding: "utf8",
      });
      expect({ status, signal, stderr: stderr.replace(/.*Hi, looks.*|=+|\n/g, "") }).toEqual({
        status: 0,
        signal: null,
        stderr: "",
      });
    },
  );

  it.each<Mode>(["sync", "async"])(
    "reuses the memory of large tensors without mixing their values, %s",
    async (mode) => {
      await on(
        "torch",
        async () => {
          const sizes = [300_000, 1_000_000, 300_001, 2_000_000]; // above 1 MB, where blocks are kept for reuse
          const kept = sizes.map((size, i) => tf.fill([size], i + 1));
          for (let round = 0; round < 20; round++) tf.fill([sizes[round % 4] as number], -1).dispose();
          const sums = await Promise.all(kept.map((t) => tf.sum(t).data()));
          expect(sums.map(([sum]) => sum)).toEqual(sizes.map((size, i) => size * (i + 1)));
          tf.dispose(kept);
        },
        mode,
      );
    },
  );

  it("keeps upload and tensor apart: changing the array afterwards changes nothing", async () => {
    await on(
      "torch",
      async () => {
        const host = new Float32Array(5000).fill(1);
        const t = tf.tensor1d(host);
        const doubled = tf.mul(t, 2);
        host.fill(9);
        expect((await doubled.data()).every((x) => x === 2)).toBe(true);
        expect(noise([2], 1).shape).toEqual([2]);
      },
      "async",
    );
  });
});

describe("ensureBuilt", () => {
  const folders: string[] = [];
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  it("says in one line what is wrong with LIBTORCH", async () => {
    const empty = mkdtempSync(join(tmpdir(), "libtorch-"));
    folders.push(empty);
    vi.stubEnv("LIBTORCH", empty);
    const result = await ensureBuilt();
    expect(result).toEqual({ missing: `LIBTORCH=${empty} has no share/cmake/Torch/TorchConfig.cmake` });
  });
});
