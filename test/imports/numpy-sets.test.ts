/** Data sets that NumPy and pickle themselves wrote are read as what they are. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { inspectDataset } from "@reluctant/datasets";
import { expect, onTestFinished, test } from "vitest";
import { noPyTorch, python } from "../python.ts";
import { skipFor } from "../skip-for.ts";

test(
  "CIFAR's pickles of each protocol are one data set, and so are the ways to save arrays",
  skipFor(noPyTorch),
  async () => {
    const root = await mkdtemp(join(tmpdir(), "reluctant-numpy-"));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    await promisify(execFile)(python, [join(import.meta.dirname, "numpy_sets.py"), root]);
    const look = (path: string) => inspectDataset(join(root, path), { deep: true });
    const pickles = await Promise.all([2, 4, 5].map((protocol) => look(`pickles${protocol}/cifar-10-batches-py`)));
    for (const { splits, images } of pickles) {
      expect(splits).toEqual({ train: 90, validation: 10, test: 20 });
      expect(images.shape).toEqual([32, 32, 3]);
    }
    expect(new Set(pickles.map(({ deep }) => deep?.version)).size).toBe(1);
    const arrays = await Promise.all(["plain.npz", "packed.npz"].map(look));
    for (const { splits, images } of arrays) {
      expect(splits).toEqual({ train: 36, validation: 4, test: 10 });
      expect(images.shape).toEqual([6, 5, 3]);
    }
    expect(new Set(arrays.map(({ deep }) => deep?.version)).size).toBe(1);
  },
);
