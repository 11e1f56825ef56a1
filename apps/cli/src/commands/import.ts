import { dirname, join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import {
  type ForeignFile,
  type Imported,
  importNetwork,
  isShardIndex,
  type Mapping,
  shardNames,
} from "@reluctant/interchange";
import { count } from "@reluctant/plot";
import { modelNames, questionFlags } from "@reluctant/relu";
import type { Client } from "@reluctant/sdk";
import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { evaluateImport, type Stored } from "../evaluate-import.ts";
import { readInputFile, withContentErrors } from "../input-file.ts";
import { note, print } from "../terminal/print.ts";
import { joined, line } from "../terminal/text.ts";
import { showTransfer } from "../terminal/transfer.ts";
import { wholeNumber } from "../whole-number.ts";

interface Flags extends ConnectionFlags {
  model: string;
  dataset: string;
  stateDict?: string;
  masks?: string;
  threshold?: number;
  budget?: number;
  scaleX2?: number;
  showMapping?: true;
  evaluate: boolean;
}

/** What no file shows, asked only of the models that it matters for. */
const questionOptions = questionFlags.map(
  ({ flag, about, answers }) => new Option(`--${flag} <${answers.join("|")}>`, about),
);

export const importModel = (program: Command): Command => {
  const command = program
    .command("import <file>")
    .description(
      "bring a model trained elsewhere, all-ReLU or partial-ReLU: a PyTorch checkpoint (.pt, .pth, .bin), safetensors or their index, ONNX, .npz",
    )
    .requiredOption("--model <name>", "the model whose weights these are")
    .requiredOption("--dataset <name>", "what it was trained on, for the images' size and the classes")
    .option("--state-dict <path>", "where its state dict lies in a checkpoint of several, as `ema`")
    .option("--masks <file>", "its masks, where they lie in a file of their own")
    .option(
      "--threshold <t>",
      "of scores between 0 and 1, the ReLUs above this stay; of AutoReP's, its own setting (0.003)",
      number,
    )
    .option("--budget <n>", "of scores between 0 and 1, this many ReLUs stay", wholeNumber({ min: 1, max: 1e9 }))
    .option("--scale-x2 <s>", "what AutoReP multiplied the coefficient of x² by", number);
  for (const option of questionOptions) command.addOption(option);
  command
    .option("--show-mapping", "print which tensor of the file became which of the model's")
    .option("--no-evaluate", "do not have a worker tell its accuracy");
  return withConnection(command).action(async (path: string, flags: Flags & Record<string, unknown>) => {
    const [file, masks] = [
      await readForeign(path),
      flags.masks === undefined ? undefined : await readForeign(flags.masks),
    ];
    const client = await connect(flags);
    const dataset = await datasetOf(client, flags.dataset);
    const answers = questionOptions.map((option) => [option.name(), flags[option.attributeName()]]);
    const choice = {
      model: flags.model,
      side: dataset.inputShape[0],
      classes: dataset.classes.length,
      answers: Object.fromEntries(answers) as Record<string, string | undefined>,
      stateDict: flags.stateDict,
      masks,
      keeping: { threshold: flags.threshold, budget: flags.budget, squareScale: flags.scaleX2 },
    };
    const imported = withContentErrors(path, () => importNetwork(file, choice));
    if (flags.showMapping) print(mappingText(imported.mapping));
    const stored = await store(client, path, imported);
    print(joined([line`imported ${path}${keptText(imported)}; in a spec:`, ...specLines(imported, stored)]));
    if (!modelNames.includes(imported.model))
      return note(`${imported.model} is of a width of its own, which no stage takes`);
    if (flags.evaluate) await evaluateImport(client, { path, dataset, imported, stored });
  });
};

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is to be a number.");
}

/** A file, and those that it sends its reader to. */
async function readForeign(path: string): Promise<ForeignFile> {
  const bytes = await readInputFile(path);
  if (!isShardIndex(bytes)) return { bytes };
  const shards = new Map<string, Uint8Array>();
  for (const name of withContentErrors(path, () => shardNames(bytes)))
    shards.set(name, await readInputFile(join(dirname(path), name)));
  return { bytes, shards };
}

async function datasetOf(client: Client, name: string) {
  const known = await client.datasets();
  const dataset = known.find((each) => each.name === name);
  if (dataset) return dataset;
  const names = [...new Set(known.map((each) => each.name))].join(", ");
  const which = names ? `choose one of ${names}` : "no other is yet";
  throw new ReluctantError("not-found", `--dataset ${name}: it is not registered here; ${which}`);
}

async function store(client: Client, path: string, { weights, masks }: Imported): Promise<Stored> {
  const upload = async (bytes: Uint8Array, what: string) =>
    (
      await client.artifacts.import(
        showTransfer(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(), { what, total: bytes.byteLength }),
      )
    ).sha256;
  return {
    weights: await upload(weights, `uploading ${path}`),
    masks: masks && (await upload(masks, `uploading the masks of ${path}`)),
  };
}

function keptText({ masks, reluCount, hysteresis }: Imported): string {
  if (!masks) return "";
  const moved = hysteresis === null ? "" : `, AutoReP's indicators moved at a threshold of ${hysteresis}`;
  return `, a network of ${count(reluCount)} ReLUs${moved}`;
}

/** A partial-ReLU network is its own teacher only until somebody names a better one. */
const specLines = ({ model }: Imported, { weights, masks }: Stored) => [
  line`model: ${model}`,
  line`arModel: ${weights}`,
  ...(masks ? [line`masks: ${masks}`] : []),
];

const evidence: Record<Mapping["by"], string> = {
  name: "name",
  shape: "name, and by shape where names say nothing",
  order: "shapes and order",
};

const mappingText = ({ by, tensors }: Mapping) =>
  joined([
    line`by ${evidence[by]}:`,
    ...tensors.map(({ theirs, ours, shape }) => line`${theirs} → ${ours} [${shape.join(", ")}]`),
  ]);
