import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { skipFor } from "../../../test/skip-for.ts";
import { engineOrReason } from "./conformance/backends.ts";
import { engineConformance } from "./conformance.ts";
import { createEngine } from "./engine.ts";

const { reason } = await engineOrReason("tensorflow");
engineConformance("tensorflow", () => createEngine({ backend: "tensorflow", threads: 1, precision: "fp32" }), reason);

const root = join(import.meta.dirname, "../../..");

/** What a process of its own says that opens the backend with two threads. */
async function asked() {
  const script = `
    import { createRequire } from "node:module";
    import { createEngine } from "./packages/engine/dist/index.js";
    const { info } = await createEngine({ backend: "tensorflow", threads: 2, precision: "fp32" });
    const loaded = Object.keys(createRequire(import.meta.url).cache);
    console.log(JSON.stringify({ info, threads: process.env.TF_NUM_INTRAOP_THREADS, loaded }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { cwd: root });
  return JSON.parse(stdout) as { info: object; threads: string; loaded: string[] };
}

describe("TensorFlow's package for Node", { timeout: 60_000, ...skipFor(reason) }, () => {
  it("lies where no `npm ci` reaches it, shares the process's one TensorFlow.js, and is told what it is", async () => {
    const { info, threads, loaded } = await asked();
    const [main, ...others] = loaded.filter((file) => file.endsWith("tfjs-node-gpu/dist/index.js"));
    expect(others).toEqual([]);
    expect(main).toBeDefined();
    expect(main).not.toContain(join(root, "node_modules"));
    expect(loaded.filter((file) => /\/tfjs-(core|layers)\/dist\//.test(file)).sort()).toEqual(
      ["core", "layers"].map((part) => join(root, `node_modules/@tensorflow/tfjs-${part}/dist/tf-${part}.node.js`)),
    );
    expect(threads).toBe("2");
    expect(info).toMatchObject({
      backend: "tensorflow",
      device: expect.stringMatching(/^(cpu|gpu)/),
      threads: 2,
      versions: { tensorflow: expect.stringMatching(/^2\.\d+\.\d+/) },
    });
  });

  it("keeps the number of threads that it began with, and says so", async () => {
    await createEngine({ backend: "tensorflow", threads: 1, precision: "fp32" });
    await expect(createEngine({ backend: "tensorflow", threads: 3, precision: "fp32" })).rejects.toThrow(
      "TensorFlow runs with 1 threads in this process, and cannot change to 3",
    );
  });

  it("makes no promise of the same bits", async () => {
    const deterministic = { backend: "tensorflow", threads: 1, precision: "fp32", deterministic: true } as const;
    await expect(createEngine(deterministic)).rejects.toThrow(/does not promise the same bits/);
  });
});
