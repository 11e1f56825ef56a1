import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findStateDict, readTensors, readTorchFile } from "@reluctant/interchange";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPyTorch, type PythonProcess, startPython } from "../python.ts";
import { skipFor } from "../skip-for.ts";

let folder: string;
/** Runs torch_save.py in the folder. */
let peer: PythonProcess | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-imports-"));
  if (!noPyTorch) peer = startPython(join(import.meta.dirname, "torch_save.py"), folder);
});
afterAll(() => {
  peer?.stop();
  return rm(folder, { recursive: true });
});

type Saved = Record<string, Record<string, { shape: number[]; values: number[] }>>;

describe.each(["zip", "zip, protocol 4", "zip, protocol 5", "legacy"])("what torch.save wrote as %s", (form) => {
  it("reads as PyTorch holds it, bit by bit and in its order", { timeout: 60_000, ...skipFor(noPyTorch) }, async () => {
    const saved = (await peer?.ask(form)) as Saved;
    expect(Object.keys(saved)).toHaveLength(7);
    for (const [file, expected] of Object.entries(saved)) {
      const { tensors } = findStateDict(readTorchFile(await readFile(join(folder, file))));
      const read = [...readTensors(tensors)].map(([name, { shape, values }]) => [
        name,
        { shape, values: Array.from(values) },
      ]);
      expect({ [file]: read }).toEqual({ [file]: Object.entries(expected) });
    }
  });
});
