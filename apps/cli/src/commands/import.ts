import { questionFlags } from "@reluctant/relu";
import { type Command, InvalidArgumentError, Option } from "commander";
import { withConnection } from "../connection.ts";
import type { ImportFlags } from "../import-network.ts";
import { wholeNumber } from "../whole-number.ts";

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
  return withConnection(command).action(async (path: string, flags: ImportFlags & Record<string, unknown>) => {
    const answers = questionOptions.map((option) => [option.name(), flags[option.attributeName()]]);
    const { runImport } = await import("../import-network.ts"); // readers of all formats: only for whoever imports
    await runImport(path, { ...flags, answers: Object.fromEntries(answers) });
  });
};

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("It is to be a number.");
}
