import { inputShape, macCount, parameterCount, reluCount } from "@reluctant/relu";
import type { Network } from "./network.ts";

/** How a network came about, as far as whoever exports it knows. */
export interface Provenance {
  dataset: string | null;
  /** Method and recipe by which its ReLUs were chosen, as `senet (cpu/resnet8)`. */
  method: string | null;
  /** As model hubs call it; null where whoever exports it has not said. */
  license: string | null;
  /** In [0, 1]. */
  accuracies: { validation: number; test: number } | null;
  /** Of the artifact that it was read from. */
  sha256: string;
}

/** What every card begins with. */
const opening = ["---", "library_name: reluctant"];

/** Whether a text is a card that we wrote. */
export const isModelCard = (text: string): boolean => text.startsWith(`${opening.join("\n")}\n`);

/**
 * README.md beside an exported network: front matter as model hubs read it, then the same for people. Only what is known is
 * said: without a license the front matter has no such key, and the text tells whose it is to choose.
 */
export function modelCard(
  { model, polynomials, reluCount: kept }: Network,
  made: Provenance,
  files: readonly string[],
): string {
  const [side] = inputShape(model);
  const total = reluCount(model);
  const { dataset, method, accuracies, license, sha256 } = made;
  const metrics = accuracies
    ? [
        "model-index:",
        `  - name: ${yaml(model.name)}`,
        "    results:",
        "      - task:",
        "          type: image-classification",
        "        dataset:",
        `          name: ${yaml(dataset ?? "unknown")}`,
        `          type: ${yaml(dataset ?? "unknown")}`,
        "        metrics:",
        "          - type: accuracy",
        "            name: test accuracy",
        `            value: ${accuracies.test}`,
      ]
    : [];
  const front = [
    ...opening,
    "pipeline_tag: image-classification",
    ...(license ? [`license: ${yaml(license)}`] : []),
    "tags:",
    "  - private-inference",
    "  - partial-relu",
    ...(dataset ? ["datasets:", `  - ${yaml(dataset)}`] : []),
    ...(accuracies ? ["metrics:", "  - accuracy"] : []),
    ...metrics,
    "---",
  ];
  const rows: [string, string | null][] = [
    ["Network", `${model.name}, ${model.classes} classes`],
    ["Input", `images [batch, 3, ${side}, ${side}], normalized as in training`],
    ["ReLUs", `${number(kept)} of ${number(total)} (${((100 * kept) / total).toFixed(1)} %), the stem's counted`],
    ["Removed units", polynomials.size > 0 ? `a polynomial of degree 2 in ${polynomials.size} layers` : "the identity"],
    ["Parameters", number(parameterCount(model))],
    ["Multiply–accumulates", number(macCount(model))],
    ["Data set", dataset],
    ["Validation accuracy", accuracies && percent(accuracies.validation)],
    ["Test accuracy", accuracies && percent(accuracies.test)],
    ["Made by", method],
    ["Artifact", `sha256:${sha256}`],
  ];
  const table = rows.flatMap(([what, value]) => (value === null ? [] : [`| ${what} | ${cell(value)} |`]));
  const listed = files.map((file) => `- \`${file}\``);
  return [
    ...front,
    "",
    `# ${model.name} with ${number(kept)} ReLUs`,
    "",
    "| What | Value |",
    "| --- | --- |",
    ...table,
    "",
    "Files:",
    "",
    ...listed,
    "",
    "```python",
    ...files.flatMap((file) => opened(file, side)),
    "```",
    "",
    license ? `License: ${license}.` : "No license is stated: whoever publishes this chooses one, as `license:` above.",
    "",
  ].join("\n");
}

/** How a network's file is run in Python; nothing of what is read along with it. */
function opened(file: string, side: number): string[] {
  const shape = `images: float32 [batch, 3, ${side}, ${side}]`;
  if (file.endsWith(".onnx"))
    return [
      "from onnxruntime import InferenceSession",
      `logits = InferenceSession("${file}").run(None, {"images": images})[0]  # ${shape}`,
    ];
  if (file.endsWith(".py")) return [];
  return ["from partial_relu import load  # the module beside it", `logits = load("${file}")(images)  # ${shape}`];
}

/** A YAML scalar that stays text, whatever it looks like. */
const yaml = (text: string): string => JSON.stringify(text);
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ");
const number = (value: number): string => value.toLocaleString("en-US");
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
