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
import { modelNames } from "@reluctant/relu";
import type { Client } from "@reluctant/sdk";
import { type ConnectionFlags, connect } from "./connection.ts";
import { evaluateImport, type Stored } from "./evaluate-import.ts";
import { readInputFile, withContentErrors } from "./input-file.ts";
import { note, print } from "./terminal/print.ts";
import { joined, line } from "./terminal/text.ts";
import { showTransfer } from "./terminal/transfer.ts";

export interface ImportFlags extends ConnectionFlags {
  model: string;
  dataset: string;
  stateDict?: string;
  masks?: string;
  threshold?: number;
  budget?: number;
  scaleX2?: number;
  showMapping?: true;
  evaluate: boolean;
  /** What no file shows, by question. */
  answers: Record<string, string | undefined>;
}

/** Brings a network in, and has a worker tell its accuracy. */
export async function runImport(path: string, flags: ImportFlags): Promise<void> {
  const [file, masks] = [
    await readForeign(path),
    flags.masks === undefined ? undefined : await readForeign(flags.masks),
  ];
  const client = await connect(flags);
  const dataset = await datasetOf(client, flags.dataset);
  const choice = {
    model: flags.model,
    side: dataset.inputShape[0],
    classes: dataset.classes.length,
    answers: flags.answers,
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
