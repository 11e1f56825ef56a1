import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ReluctantError, type StageRun, sha256Schema } from "@reluctant/contracts";
import { type Network, onnxFile, pyTorchFile, pyTorchModule, readNetwork } from "@reluctant/interchange";
import { count } from "@reluctant/plot";
import { catalog } from "@reluctant/relu";
import type { Client } from "@reluctant/sdk";
import { type Command, Option } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { withContentErrors } from "../input-file.ts";
import { print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";
import { showTransfer } from "../terminal/transfer.ts";

type Files = Record<string, Uint8Array | string>;

/** What each format consists of. */
const formats = catalog<Record<string, (network: Network) => Promise<Files> | Files>>({
  onnx: (network) => ({ "network.onnx": onnxFile(network) }),
  pytorch: async (network) => ({
    "network.safetensors": pyTorchFile(network),
    [pyTorchModule.name]: await pyTorchModule.read(),
  }),
});

export const exportModel = (program: Command): Command =>
  withConnection(
    program
      .command("export-model <id>")
      .description("take a network away, its masks folded in: by the id of its stage run, or its artifact's hash")
      .addOption(new Option("--to <format>", "what to write").choices(Object.keys(formats)).default("onnx"))
      .option("--out <folder>", "where to write", "."),
  ).action(async (id: string, flags: ConnectionFlags & { to: string; out: string }) => {
    const client = await connect(flags);
    const sha256 = sha256Schema.safeParse(id).success ? id : networkOf(await client.stageRuns.get(id));
    const bytes = await read(client, sha256);
    const network = withContentErrors(id, () => readNetwork(bytes));
    const files = await formats[flags.to]?.(network);
    await mkdir(flags.out, { recursive: true });
    const paths = Object.keys(files ?? {}).map((name) => join(flags.out, name));
    await Promise.all(Object.values(files ?? {}).map((contents, i) => writeFile(paths[i] as string, contents)));
    print(line`${network.model.name} with ${count(network.reluCount)} ReLUs: wrote ${paths.join(" and ")}`);
  });

/** The one partial-ReLU network that a stage run made, else its all-ReLU one. */
function networkOf({ id, kind, artifacts }: StageRun): string {
  const made = (role: string) => artifacts.filter((artifact) => artifact.role === role);
  const [found, ...others] = made("masks").length > 0 ? made("masks") : made("weights");
  if (!found) throw new ReluctantError("not-found", `${kind} ${id} has made no network`);
  if (others.length === 0) return found.sha256;
  const choices = [found, ...others].map(({ variant, sha256 }) => `${variant}: ${sha256}`);
  throw new ReluctantError("invalid-request", `${kind} ${id} made several networks; name one\n${choices.join("\n")}`);
}

async function read(client: Client, sha256: string): Promise<Uint8Array> {
  const { body, bytes } = await client.artifacts.download(sha256);
  const transfer = { what: `downloading ${sha256.slice(0, 8)}`, total: bytes };
  return new Uint8Array(await new Response(showTransfer(body, transfer)).arrayBuffer());
}
