import { ReluctantError } from "@reluctant/contracts";
import { importNetwork, type Mapping } from "@reluctant/interchange";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readInputFile, withContentErrors } from "../input-file.ts";
import { print } from "../terminal/print.ts";
import { joined, line } from "../terminal/text.ts";
import { showTransfer } from "../terminal/transfer.ts";

interface Flags extends ConnectionFlags {
  model: string;
  dataset: string;
  stateDict?: string;
  showMapping?: true;
}

export const importModel = (program: Command): Command =>
  withConnection(
    program
      .command("import <file>")
      .description("bring an all-ReLU model trained elsewhere: a PyTorch checkpoint (.pt, .pth, .bin) or safetensors")
      .requiredOption("--model <name>", "the model whose weights these are")
      .requiredOption("--dataset <name>", "what it was trained on, for the images' size and the classes")
      .option("--state-dict <path>", "where its state dict lies in a checkpoint of several, as `ema`")
      .option("--show-mapping", "print which tensor of the file became which of the model's"),
  ).action(async (file: string, flags: Flags) => {
    const bytes = await readInputFile(file);
    const client = await connect(flags);
    const known = await client.datasets();
    const dataset = known.find(({ name }) => name === flags.dataset);
    if (!dataset) {
      const names = [...new Set(known.map(({ name }) => name))].join(", ");
      const which = names ? `choose one of ${names}` : "no other is yet";
      throw new ReluctantError("not-found", `--dataset ${flags.dataset}: it is not registered here; ${which}`);
    }
    const choice = {
      model: flags.model,
      side: dataset.inputShape[0],
      classes: dataset.classes.length,
      stateDict: flags.stateDict,
    };
    const { weights, mapping } = withContentErrors(file, () => importNetwork(bytes, choice));
    if (flags.showMapping) print(mappingText(mapping));
    const { sha256 } = await client.artifacts.import(
      showTransfer(new Blob([weights]).stream(), { what: `uploading ${file}`, total: weights.byteLength }),
    );
    print(joined([line`imported ${file}; in a spec:`, `arModel: ${sha256}`]));
  });

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
