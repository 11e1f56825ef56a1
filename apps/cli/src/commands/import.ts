import { ReluctantError } from "@reluctant/contracts";
import { importNetwork, type Mapping } from "@reluctant/interchange";
import { questionFlags } from "@reluctant/relu";
import { type Command, Option } from "commander";
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

/** What no file shows, asked only of the models that it matters for. */
const questionOptions = questionFlags.map(
  ({ flag, about, answers }) => new Option(`--${flag} <${answers.join("|")}>`, about),
);

export const importModel = (program: Command): Command => {
  const command = program
    .command("import <file>")
    .description("bring an all-ReLU model trained elsewhere: a PyTorch checkpoint (.pt, .pth, .bin) or safetensors")
    .requiredOption("--model <name>", "the model whose weights these are")
    .requiredOption("--dataset <name>", "what it was trained on, for the images' size and the classes")
    .option("--state-dict <path>", "where its state dict lies in a checkpoint of several, as `ema`")
    .option("--show-mapping", "print which tensor of the file became which of the model's");
  for (const option of questionOptions) command.addOption(option);
  return withConnection(command).action(async (file: string, flags: Flags & Record<string, string | undefined>) => {
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
      answers: Object.fromEntries(questionOptions.map((option) => [option.name(), flags[option.attributeName()]])),
      stateDict: flags.stateDict,
    };
    const { model, weights, mapping } = withContentErrors(file, () => importNetwork(bytes, choice));
    if (flags.showMapping) print(mappingText(mapping));
    const { sha256 } = await client.artifacts.import(
      showTransfer(new Blob([weights]).stream(), { what: `uploading ${file}`, total: weights.byteLength }),
    );
    print(joined([line`imported ${file}; in a spec:`, `model: ${model}`, `arModel: ${sha256}`]));
  });
};

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
