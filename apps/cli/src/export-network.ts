import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type ArtifactRef, ReluctantError, type StageRun, sha256Schema } from "@reluctant/contracts";
import {
  modelCard,
  type Network,
  onnxFile,
  type Provenance,
  pyTorchFile,
  pyTorchModule,
  readNetwork,
  torchSaveFile,
} from "@reluctant/interchange";
import { count } from "@reluctant/plot";
import type { Client } from "@reluctant/sdk";
import { cardName } from "./card-name.ts";
import { connect } from "./connection.ts";
import type { ExportFlags, ExportFormat } from "./export-formats.ts";
import { withContentErrors } from "./input-file.ts";
import { note, print } from "./terminal/print.ts";
import { line } from "./terminal/text.ts";
import { showTransfer } from "./terminal/transfer.ts";

type Files = Record<string, Uint8Array | string>;

/** What each format consists of. */
const formats: Record<ExportFormat, (network: Network) => Promise<Files> | Files> = {
  onnx: (network) => ({ "network.onnx": onnxFile(network) }),
  pytorch: async (network) => ({
    "network.safetensors": pyTorchFile(network),
    [pyTorchModule.name]: await pyTorchModule.read(),
  }),
  pt: async (network) => ({
    "network.pt": torchSaveFile(network),
    [pyTorchModule.name]: await pyTorchModule.read(),
  }),
};

/** Writes a network and its card. */
export async function runExport(id: string, flags: ExportFlags): Promise<void> {
  const client = await connect(flags);
  const provenance = sha256Schema.safeParse(id).success
    ? { sha256: id, dataset: null, method: null, accuracies: null }
    : await provenanceOf(client, await client.stageRuns.get(id), flags.variant);
  const bytes = await read(client, provenance.sha256);
  const network = withContentErrors(id, () => readNetwork(bytes));
  const files = await formats[flags.to](network);
  await mkdir(flags.out, { recursive: true });
  const card = await cardName(flags.out);
  const about = { ...provenance, license: flags.license ?? null };
  const all: Files = { ...files, [card]: modelCard(network, about, Object.keys(files)) };
  const paths = Object.keys(all).map((name) => join(flags.out, name));
  await Promise.all(Object.values(all).map((contents, i) => writeFile(paths[i] as string, contents)));
  print(line`${network.model.name} with ${count(network.reluCount)} ReLUs: wrote ${listed(paths)}`);
  if (card !== "README.md")
    note(line`${join(flags.out, "README.md")} is no model card of ours and stays as it is: the card is ${card}`);
}

const listed = (paths: readonly string[]): string => `${paths.slice(0, -1).join(", ")} and ${paths.at(-1)}`;

/** A network that a stage run made, by its frontier point where it has one. */
async function provenanceOf(
  client: Client,
  stageRun: StageRun,
  wanted: string | undefined,
): Promise<Omit<Provenance, "license">> {
  const { sha256, variant } = networkOf(stageRun, wanted);
  const none = { sha256, dataset: null, method: stageRun.implementation, accuracies: null };
  for (const { name } of await client.datasets()) {
    const { points } = await client.frontier(name, stageRun.params.model);
    const point = points.find((each) => each.stageRunId === stageRun.id && each.variant === variant);
    if (!point) continue;
    const accuracies = { validation: point.validationAccuracy, test: point.testAccuracy };
    return { sha256, dataset: name, method: `${point.method}, recipe ${point.recipe}`, accuracies };
  }
  return none;
}

/** The one partial-ReLU network that a stage run made, else its all-ReLU one. */
function networkOf({ id, kind, artifacts }: StageRun, variant: string | undefined): ArtifactRef {
  const made = (role: string) => artifacts.filter((artifact) => artifact.role === role);
  const all = made("masks").length > 0 ? made("masks") : made("weights");
  const [found, ...others] = variant === undefined ? all : all.filter((artifact) => artifact.variant === variant);
  if (found && others.length === 0) return found;
  if (all.length === 0) throw new ReluctantError("not-found", `${kind} ${id} has made no network`);
  const choices = all.map((artifact) => `--variant ${artifact.variant}: ${artifact.sha256}`);
  throw new ReluctantError("invalid-request", `${kind} ${id} made several networks; name one\n${choices.join("\n")}`);
}

async function read(client: Client, sha256: string): Promise<Uint8Array> {
  const { body, bytes } = await client.artifacts.download(sha256);
  const transfer = { what: `downloading ${sha256.slice(0, 8)}`, total: bytes };
  return new Uint8Array(await new Response(showTransfer(body, transfer)).arrayBuffer());
}
