import { spawnSync } from "node:child_process";
import { countOperators } from "@reluctant/tfjs-backend-torch";
import * as tf from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { maskedRelu } from "./index.ts";
import { noise, on, whereTorch } from "./testing.ts";

describe("as an extension of the torch backend", whereTorch, () => {
  it("runs operators of its own, counted beside ATen's", async () => {
    const { operators } = await on("torch", () => {
      const x = noise([2, 3, 3, 4], 1);
      return countOperators(async () => tf.dispose(maskedRelu(x, null)));
    });
    expect(operators).toMatchObject({ "training_ops::masked_relu": 1 });
  });

  it("lets a process end while its operators are queued", () => {
    const script = `
      import * as tf from "@tensorflow/tfjs-core";
      import { registerTorchBackend, setAsync } from "@reluctant/tfjs-backend-torch";
      import { absDiffSum, addMaskedRelu, trainingOps } from "@reluctant/training-ops";
      await registerTorchBackend({ extensions: [trainingOps] });
      await tf.setBackend("torch");
      setAsync(true);
      let y = tf.ones([8, 64, 64, 16]);
      for (let i = 0; i < 500; i++) y = addMaskedRelu(y, y, null);
      absDiffSum(y, y).data();
      process.exit(0);`;
    const { status, signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: import.meta.dirname,
      encoding: "utf8",
    });
    expect({ status, signal, stderr: stderr.replace(/.*Hi, looks.*|=+|\n/g, "") }).toEqual({
      status: 0,
      signal: null,
      stderr: "",
    });
  });
});
