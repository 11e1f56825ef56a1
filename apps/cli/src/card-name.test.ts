import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { modelCard, readNetwork } from "@reluctant/interchange";
import { models } from "@reluctant/relu";
import { encodeWeights, initialWeights } from "@reluctant/stages";
import { expect, it, onTestFinished } from "vitest";
import { cardName } from "./card-name.ts";

const resnet8 = (models.resnet8 as NonNullable<typeof models.resnet8>).build([32, 32, 3], 10);

it("a card takes the place of an earlier one, and of nothing that somebody else wrote", async () => {
  const folder = await mkdtemp(join(tmpdir(), "reluctant-card-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  expect(await cardName(folder)).toBe("README.md");

  const network = readNetwork(encodeWeights(resnet8, initialWeights(resnet8, 1)));
  const provenance = { sha256: "a".repeat(64), dataset: null, method: null, license: null, accuracies: null };
  await write("README.md", modelCard(network, provenance, ["network.onnx"]));
  expect(await cardName(folder)).toBe("README.md");

  await write("README.md", "---\nlicense: mit\n---\n# Mine\n");
  expect(await cardName(folder)).toBe("network.md");

  await write("network.md", "");
  await expect(cardName(folder)).rejects.toThrow(
    /README\.md and network\.md are no model cards of ours.*another folder/,
  );
});
