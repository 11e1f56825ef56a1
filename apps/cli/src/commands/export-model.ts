import { type Command, InvalidArgumentError, Option } from "commander";
import { withConnection } from "../connection.ts";
import { type ExportFlags, exportFormats } from "../export-formats.ts";

export const exportModel = (program: Command): Command =>
  withConnection(
    program
      .command("export-model <id>")
      .description("take a network away, its masks folded in: by the id of its stage run, or its artifact's hash")
      .addOption(new Option("--to <format>", "what to write").choices(exportFormats).default("onnx"))
      .option("--variant <name>", "which of several networks a stage run made, as 0.5 of a slimmable one")
      .option(
        "--license <id>",
        "what its card says of its license, as model hubs list them: apache-2.0, mit, other",
        license,
      )
      .option("--out <folder>", "where to write", "."),
  ).action(async (id: string, flags: ExportFlags) => {
    const { runExport } = await import("../export-network.ts"); // writers of all formats: only for whoever exports
    await runExport(id, flags);
  });

/** Hubs' names are of small letters; a text of another form would make a card that no hub reads. */
function license(text: string): string {
  const id = text.toLowerCase();
  if (/^[a-z0-9][a-z0-9.-]{0,63}$/.test(id)) return id;
  throw new InvalidArgumentError("It is to be a name as model hubs list them, as apache-2.0, mit, cc-by-4.0 or other.");
}
