/** What docs/bring-your-own.md promises: its commands, in its order, on a folder of images and a checkpoint. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { models, uint32 } from "@reluctant/relu";
import { initialWeights } from "@reluctant/stages";
import sharp from "sharp";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { CheckpointMaker, orderedDict } from "../../packages/interchange/src/checkpoint/test-checkpoint.ts";
import { type Cluster, startCluster } from "../cluster.ts";

const classes = ["ant", "bee", "cat", "dog"];
const document = await readFile(join(import.meta.dirname, "../../docs/bring-your-own.md"), "utf8");
const [, ...commands] = /```\n(RELUCTANT_DATA=[^`]*)```/.exec(document)?.[1]?.trim().split("\n") ?? [];
const spec = /```yaml\n([^`]*)```/.exec(document)?.[1] as string;

let folder: string;
let cluster: Cluster;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-own-"));
  await writeImages(join(folder, "data/animals/train"), { from: 0, count: 40 });
  await writeImages(join(folder, "data/animals/val"), { from: 40, count: 10 });
  await writeFile(join(folder, "best.pth"), checkpoint());
  cluster = await startCluster({ env: { RELUCTANT_DATA: join(folder, "data") } });
}, 120_000);
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

const main = join(import.meta.dirname, "../../apps/cli/dist/main.js");
const run = async (command: string): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...command.split(/\s+/).slice(2)], {
    cwd: folder,
    env: {
      ...process.env,
      RELUCTANT_URL: cluster.stack.address,
      RELUCTANT_TOKEN: cluster.stack.credentials?.token,
    },
  });
  return stdout;
};

it("leads from a checkpoint and a folder to a frontier, and back out", async () => {
  const [importing, submitting, showing, exporting] = commands as [string, string, string, string];
  const imported = await run(importing);
  expect(imported).toContain("imported best.pth; in a spec:\nmodel: resnet8\n");
  expect(imported).toMatch(/here it reaches validation \d+\.\d %, test \d+\.\d %/);
  expect(imported).toContain("the file says 93.0 %");

  const arModel = /arModel: ([0-9a-f]{64})/.exec(imported)?.[1] as string;
  const indented = spec.replaceAll(/^ {3}/gm, "").replace(/[0-9a-f]{64}/, arModel);
  await writeFile(join(folder, "mine.yaml"), indented.replace("cpu/resnet8", "debug").replace(', "10%"', ""));
  expect(await run(submitting)).toContain("my network: finished");

  const { points } = await cluster.client.frontier("animals", "resnet8");
  expect(points.map(({ method }) => method)).toEqual(["ar", "continuation"]);
  expect(points[0]).toMatchObject({ recipe: "imported", images: 0, reluCount: 73_728 });
  expect(await run(showing)).toContain("continuation");

  const id = points[1]?.stageRunId as string;
  expect(await run(exporting.replace("ID", id))).toContain("net/network.onnx and net/README.md");
  const card = await readFile(join(folder, "net/README.md"), "utf8");
  expect(parse(card.split("---\n")[1] as string)).toMatchObject({
    pipeline_tag: "image-classification",
    datasets: ["animals"],
    "model-index": [{ results: [{ metrics: [{ type: "accuracy", value: points[1]?.testAccuracy }] }] }],
  });
  expect(card).toContain("continuation, recipe debug");

  await run(`npx reluctant import net/network.onnx --model resnet8 --dataset animals`);
  const back = (await cluster.client.frontier("animals", "resnet8")).points.find(({ method }) => method === "imported");
  const { testAccuracy, validationAccuracy, reluCount } = points[1] as (typeof points)[number];
  expect(back).toMatchObject({ testAccuracy, validationAccuracy, reluCount, source: { name: "import network.onnx" } });
  expect(await run(showing)).toContain("import network.onnx");
}, 240_000);

/** Images of each class, of noise around a shade of its own. */
async function writeImages(root: string, { from, count }: { from: number; count: number }): Promise<void> {
  for (const [label, name] of classes.entries()) {
    await mkdir(join(root, name), { recursive: true });
    for (let number = from; number < from + count; number++) {
      const key = { seed: label, stream: 97, epoch: number };
      const pixels = Uint8Array.from(
        { length: 32 * 32 * 3 },
        (_, index) => 50 * label + (uint32({ ...key, index }) % 64),
      );
      const image = sharp(pixels, { raw: { width: 32, height: 32, channels: 3 } });
      await writeFile(join(root, name, `${number}.png`), await image.png().toBuffer());
    }
  }
}

/** As a training script leaves it. */
function checkpoint(): Buffer {
  const maker = new CheckpointMaker();
  const model = (models.resnet8 as NonNullable<(typeof models)[string]>).build([32, 32, 3], classes.length);
  const weights = [...initialWeights(model, 1)].map(
    ([name, { shape, values }]) => [`module.${name}`, maker.tensor(shape, Array.from(values))] as const,
  );
  return maker.zip(
    new Map<string, unknown>([
      ["epoch", 199],
      ["best_acc", 93],
      ["state_dict", orderedDict(new Map(weights))],
    ]),
  );
}
