import { maskMapsSchema } from "@reluctant/contracts";
import { type Model, models, reluLayers } from "@reluctant/relu";
import { encodeStudent } from "@reluctant/stages";
import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { importArtifact, readMaskMaps } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

async function* inOnePiece(bytes: Uint8Array) {
  yield bytes;
}

test("a team reads the maps of masks that it may read, and is told when an artifact has none", async () => {
  const identity = await kit.caller();
  const keep = async (bytes: Uint8Array) =>
    (await importArtifact(kit.deps, { identity, mediaType: "application/x-test", bytes: inOnePiece(bytes) })).sha256;
  const model = models.resnet8?.build([32, 32, 3], 10) as Model;
  const masks = reluLayers(model).map(({ units }, layer) => new Uint8Array(units).fill(Number(layer === 1)));
  const sha256 = await keep(encodeStudent(model, new Map(), masks));

  const maps = maskMapsSchema.parse(await readMaskMaps(kit.deps, { identity, sha256 }));
  expect(maps.reluCount).toBe(16_384);
  expect(maps.layers.map(({ kept }) => kept > 0)).toEqual(masks.map((_, layer) => layer === 1));
  expect(new Set(maps.layers[1]?.channelsKept)).toEqual(new Set([16]));

  const stranger = await kit.caller("another lab");
  await expect(readMaskMaps(kit.deps, { identity: stranger, sha256 })).rejects.toMatchObject({ code: "not-found" });
  const text = await keep(Buffer.from("no safetensors at all"));
  await expect(readMaskMaps(kit.deps, { identity, sha256: text })).rejects.toMatchObject({
    code: "not-found",
    errors: [{ field: "sha256", message: expect.stringContaining("masks") }],
  });
  const outage = new Error("the connection went away");
  const get = (name: string, range?: unknown) => (range ? Promise.reject(outage) : kit.deps.artifacts.get(name));
  const lost = { ...kit.deps, artifacts: { ...kit.deps.artifacts, get } };
  await expect(readMaskMaps(lost, { identity, sha256 })).rejects.toBe(outage); // which is no fault of the artifact
});
