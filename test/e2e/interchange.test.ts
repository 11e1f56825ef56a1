import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { models } from "@reluctant/relu";
import { encodeSafetensors, type HostTensor, initialWeights } from "@reluctant/stages";
import { InferenceSession } from "onnxruntime-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { glyphs, startApi } from "../api.ts";

let api: Awaited<ReturnType<typeof startApi>>;
let folder: string;
beforeAll(async () => {
  [api, folder] = await Promise.all([startApi(), mkdtemp(join(tmpdir(), "reluctant-interchange-"))]);
});
afterAll(() => Promise.all([api.close(), rm(folder, { recursive: true })]));

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
/** Runs the command in the test's folder; answers what it printed, or the error that it ended with. */
const reluctant = (...args: string[]) =>
  promisify(execFile)(process.execPath, [main, ...args, "--api", api.url], {
    cwd: folder,
    env: { ...process.env, RELUCTANT_TOKEN: api.tokens.member },
  });

const resnet8 = models.resnet8 as NonNullable<(typeof models)[string]>;
const stateDict = () => new Map(initialWeights(resnet8.build([32, 32, 3], glyphs.classes.length), 1));
const save = (name: string, tensors: Map<string, HostTensor>) =>
  writeFile(join(folder, name), encodeSafetensors({ tensors, metadata: {} }));

it("a state dict comes in by command, is named in a spec, and leaves as ONNX and for PyTorch", async () => {
  await save("theirs.safetensors", stateDict());
  const imported = await reluctant("import", "theirs.safetensors", "--model", "resnet8", "--dataset", "glyphs");
  const sha256 = /arModel: ([0-9a-f]{64})/.exec(imported.stdout)?.[1] as string;
  expect(imported.stdout).toContain("theirs.safetensors");

  const spec = {
    name: "from elsewhere",
    dataset: "glyphs",
    model: "resnet8",
    recipe: "debug",
    budgets: ["20%"],
    arModel: sha256,
  };
  const submitted = await api.request("/api/v1/experiments", {
    method: "POST",
    body: JSON.stringify(spec),
    headers: { "content-type": "application/json" },
  });
  expect(submitted.status).toBe(202);

  const onnx = await reluctant("export-model", sha256, "--out", "taken/away");
  expect(onnx.stdout).toContain("resnet8 with 73,728 ReLUs: wrote taken/away/network.onnx");
  const session = await InferenceSession.create(join(folder, "taken/away/network.onnx"));
  expect([session.inputNames, session.outputNames]).toEqual([["images"], ["logits"]]);

  await writeFile(join(folder, "taken/away/README.md"), "# Somebody's own\n");
  const beside = await reluctant("export-model", sha256, "--to", "pytorch", "--out", "taken/away");
  expect(beside.stdout).toContain("taken/away/network.md");
  expect(beside.stderr).toContain("taken/away/README.md is no model card of ours and stays as it is");
  expect(await readFile(join(folder, "taken/away/README.md"), "utf8")).toBe("# Somebody's own\n");
  expect(await readFile(join(folder, "taken/away/partial_relu.py"), "utf8")).toContain("def load(path):");
}, 60_000);

it("a file that does not fit is refused in one line that names file and tensor, and nothing is stored", async () => {
  const short = stateDict();
  short.delete("fc.bias");
  await save("short.safetensors", short);
  const before = await api.pool.query("select count(*) from artifact");
  const refused = reluctant("import", "short.safetensors", "--model", "resnet8", "--dataset", "glyphs");
  await expect(refused).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^error: short\.safetensors: tensor "fc\.bias" of resnet8 is missing: the file has 46 of its 47 tensors\n$/,
    ),
  });
  expect((await api.pool.query("select count(*) from artifact")).rows).toEqual(before.rows);
}, 60_000);
