import { ReluctantError } from "@reluctant/contracts";
import { importStateDict } from "@reluctant/interchange";
import type { Command } from "commander";
import { type ConnectionFlags, connect, withConnection } from "../connection.ts";
import { readInputFile, withContentErrors } from "../input-file.ts";
import { print } from "../terminal/print.ts";
import { joined, line } from "../terminal/text.ts";
import { showTransfer } from "../terminal/transfer.ts";

interface Flags extends ConnectionFlags {
  model: string;
  dataset: string;
}

export const importModel = (program: Command): Command =>
  withConnection(
    program
      .command("import <file>")
      .description("bring an all-ReLU model trained elsewhere: a PyTorch state dict as safetensors")
      .requiredOption("--model <name>", "the model whose weights these are")
      .requiredOption("--dataset <name>", "what it was trained on, for the images' size and the classes"),
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
    const choice = { model: flags.model, side: dataset.inputShape[0], classes: dataset.classes.length };
    const weights = withContentErrors(file, () => importStateDict(bytes, choice));
    const { sha256 } = await client.artifacts.import(
      showTransfer(new Blob([weights]).stream(), { what: `uploading ${file}`, total: weights.byteLength }),
    );
    print(joined([line`imported ${file}; in a spec:`, `arModel: ${sha256}`]));
  });
