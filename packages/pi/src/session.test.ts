import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { chooseKernels } from "./choose-kernels.ts";
import { totalOf } from "./costs.ts";
import { inferInTheClear } from "./reference.ts";
import { decode, type RingVector } from "./ring.ts";
import { measure } from "./session.ts";
import { namedModel, readyNetwork, tinyModel } from "./test-networks.ts";

const node = process.execPath;
afterEach(() => {
  vi.unstubAllEnvs();
  process.execPath = node;
});

/** Classes by falling logit. */
const ranked = (logits: Float64Array) =>
  [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number));

describe("a session of three processes", () => {
  it("classifies as the network in the clear does: ResNet-8, five images", { timeout: 120_000 }, async () => {
    const { network, images } = readyNetwork(namedModel("resnet8"), { seed: 1, kept: 0.1, images: 5 });
    const { logits, client, label, levels } = await measure({ network, images, profile: "loopback", threads: 2 });
    for (const [i, image] of images.entries()) {
      const [found, exact] = [decode(logits[i] as RingVector), decode(inferInTheClear(network, image))];
      const [first, second] = ranked(exact) as [number, number];
      expect((exact[first] as number) - (exact[second] as number)).toBeGreaterThan(0.01); // or nothing follows
      for (const [c, logit] of found.entries()) expect(Math.abs(logit - (exact[c] as number))).toBeLessThan(0.005);
      expect(ranked(found)[0]).toBe(first);
    }
    expect(logits.length).toBe(5);
    expect(label).toBe("dealer: offline linear cost not included");
    expect(client.length).toBe(5);
    expect(levels).toEqual({ client: chooseKernels().level, server: chooseKernels().level });
  });

  it("waits as long as the network between the parties is", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    const { client } = await measure({ network, images, profile: "wan" });
    const online = totalOf(client[0] ?? [], "online");
    expect(online.rounds).toBe(4);
    expect(online.ms).toBeGreaterThanOrEqual(4 * 40);
  });

  it("computes the same at whichever level is forced, says it, and knows no other", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    const at = (level: string) => {
      vi.stubEnv("RELUCTANT_PI_LEVEL", level);
      return measure({ network, images, profile: "loopback" });
    };
    expect((await at("wasm")).levels).toEqual({ client: "wasm", server: "wasm" });
    await expect(at("sse9")).rejects.toThrow('RELUCTANT_PI_LEVEL is "sse9", which is no level here: use one of javas');
  });

  it("has no dealer where linear layers are encrypted, and counts what they cost", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    const { logits, client, label } = await measure({ network, images, profile: "loopback", linear: "he" });
    const exact = decode(inferInTheClear(network, images[0] as RingVector));
    for (const [c, logit] of decode(logits[0] as RingVector).entries())
      expect(Math.abs(logit - (exact[c] as number))).toBeLessThan(0.02);
    expect(label).toBe("homomorphic encryption: offline linear cost included");
    for (const name of ["encryption key", "conv1", "fc"])
      expect(client[0]?.find(({ phase, step }) => phase === "offline" && step === name)?.bytesSent).toBe(153_625);
  });

  it("gives each image of a batch its logits, and one cost to the batch", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 4 });
    const inferred: number[] = [];
    const { logits, client } = await measure({
      network,
      images,
      profile: "loopback",
      batch: 2,
      onInferred: (count) => inferred.push(count),
    });
    expect([client.length, inferred]).toEqual([2, [2, 4]]);
    for (const [i, image] of images.entries()) {
      const exact = decode(inferInTheClear(network, image));
      for (const [c, logit] of decode(logits[i] as RingVector).entries())
        expect(Math.abs(logit - (exact[c] as number))).toBeLessThan(0.02);
    }
    await expect(measure({ network, images, profile: "loopback", batch: 3 })).rejects.toThrow(
      "4 images are no whole number of batches of 3",
    );
  });

  it("says which party failed, and why", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    const short = [(images[0] as RingVector).subarray(0, 3)];
    await expect(measure({ network, images: short, profile: "loopback" })).rejects.toThrow(
      "client: an image has 3 values where tiny takes 108",
    );
  });

  it("ends where a party cannot be started", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    process.execPath = "/nowhere/node";
    await expect(measure({ network, images, profile: "lan" })).rejects.toThrow("dealer: spawn /nowhere/node ENOENT");
  });

  it("leaves no party behind where it is killed", async () => {
    const { network } = readyNetwork(tinyModel(), { seed: 3, kept: 0.5, images: 1 });
    const folder = await mkdtemp(join(tmpdir(), "reluctant-party-"));
    const at = (name: string) => join(folder, name);
    const party = fork(fileURLToPath(new URL("../dist/party-process.js", import.meta.url)), {
      serialization: "advanced",
      execArgv: [],
    });
    const places = { dealerForClient: at("c"), dealerForServer: at("s"), server: at("server") };
    party.send({ role: "dealer", places, architecture: network.architecture });
    await once(party, "message"); // it listens, for a minute
    party.disconnect();
    expect(await once(party, "exit")).toEqual([1, null]);
    await rm(folder, { recursive: true });
  });
});
