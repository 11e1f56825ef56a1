import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadTensorflow } from "./tensorflow.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reluctant-tensorflow-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** Installs a package of that name whose main file is `source`. */
async function install(name: string, source: string): Promise<void> {
  const target = join(folder, "node_modules", name);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "package.json"), JSON.stringify({ name, version: "4.22.0", main: "index.js" }));
  await writeFile(join(target, "index.js"), source);
}
const load = () => loadTensorflow(pathToFileURL(join(folder, "main.js")));
/** How tfjs-node 4.22.0 fails when its install script could not download libtensorflow. */
const withoutLibrary =
  'throw new Error("The Node.js native addon module (tfjs_binding.node) can not be found at path: /x");';

describe("TensorFlow's packages for Node", () => {
  it("are named one by one where neither is installed", () => {
    expect(load).toThrow(/tfjs-node-gpu is not installed; @tensorflow\/tfjs-node is not installed/);
  });

  it("are told apart from one that lacks its native library", async () => {
    await install("@tensorflow/tfjs-node-gpu", withoutLibrary);
    expect(load).toThrow(/tfjs-node-gpu lacks its native library.*; @tensorflow\/tfjs-node is not installed/);
  });

  it("are told apart from one whose native library is no library that loads", async () => {
    await install("@tensorflow/tfjs-node-gpu", "require('./tfjs_addon.node');");
    await writeFile(join(folder, "node_modules/@tensorflow/tfjs-node-gpu/tfjs_addon.node"), "half a download");
    expect(load).toThrow(/tfjs-node-gpu lacks its native library: run `npm rebuild @tensorflow\/tfjs-node-gpu`/);
  });

  it("that lack a package of their own are not taken for absent", async () => {
    await install("@tensorflow/tfjs-node-gpu", "require('node-pre-gyp-that-is-not-there');");
    expect(load).toThrow(/Cannot find module 'node-pre-gyp-that-is-not-there'/);
  });

  it("give way to the next that works", async () => {
    await install("@tensorflow/tfjs-node-gpu", withoutLibrary);
    await install("@tensorflow/tfjs-node", "module.exports = {};");
    expect(load()).toBe("@tensorflow/tfjs-node");
  });

  it("that fail for a reason of their own are not passed over", async () => {
    await install("@tensorflow/tfjs-node-gpu", "throw new Error('CUDA driver too old');");
    await install("@tensorflow/tfjs-node", "module.exports = {};");
    expect(load).toThrow("CUDA driver too old");
  });
});
