import { reluLayers } from "@reluctant/relu";
import { afterEach, describe, expect, it } from "vitest";
import { batched } from "./batch.ts";
import { calibrate } from "./calibrate.ts";
import { type Channel, ChannelError } from "./channel.ts";
import { type ClientContext, inferOnClient, prepareClient } from "./client.ts";
import { type Cost, CostSheet, type Phase, totalOf } from "./costs.ts";
import { deal } from "./dealer.ts";
import { greet } from "./hello.ts";
import { joined, partsOf } from "./images.ts";
import { Ledger, UsedTwiceError } from "./ledger.ts";
import { type LinearProtocolName, linearProtocols } from "./linear-protocols.ts";
import { type Architecture, keptReluCount, type PrivateNetwork, type Step, stepsOf } from "./network.ts";
import { javascriptKernels, wasmKernels } from "./portable-kernels.ts";
import { publicCoefficients } from "./quadratic.ts";
import { quantize } from "./quantize.ts";
import { inferInTheClear } from "./reference.ts";
import type { ReluProtocolName } from "./relu-protocols.ts";
import type { RingVector } from "./ring.ts";
import { allOffline, type Schedule } from "./schedule.ts";
import { inferOnServer, prepareServer, type ServerContext } from "./server.ts";
import { channelPair } from "./test-channels.ts";
import { randomImages, randomNetwork, readyNetwork, tinyModel } from "./test-networks.ts";

const open: Channel[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((channel) => channel.close()));
});

/** The three parties in one process, over sockets. */
async function setup(
  network: PrivateNetwork,
  relus: ReluProtocolName = "garbled",
  linear: LinearProtocolName = "dealer",
  schedule: Schedule = allOffline,
) {
  const [client, server] = await channelPair();
  const [clientToDealer, dealerToClient] = await channelPair();
  const [serverToDealer, dealerToServer] = await channelPair();
  open.push(client, server, clientToDealer, dealerToClient, serverToDealer, dealerToServer);
  const { architecture } = network;
  const protocol = linearProtocols[linear];
  if (protocol.dealt)
    void deal(architecture, { client: dealerToClient, server: dealerToServer, kernels: wasmKernels() });
  const [ofClient, ofServer] = [javascriptKernels(), wasmKernels()];
  const [clientLedger, serverLedger] = [new Ledger(), new Ledger()];
  const [correlationsOfClient, correlationsOfServer] = [
    protocol.client({ peer: client, dealer: clientToDealer, kernels: ofClient, ledger: clientLedger }),
    await protocol.server({ peer: server, dealer: serverToDealer, kernels: ofServer, ledger: serverLedger }, network),
  ];
  const clientContext: ClientContext = {
    architecture,
    relus,
    schedule,
    server: client,
    correlations: correlationsOfClient,
    kernels: ofClient,
    ledger: clientLedger,
    costs: new CostSheet(client),
  };
  const serverContext: ServerContext = {
    network,
    relus,
    schedule,
    client: server,
    correlations: correlationsOfServer,
    kernels: ofServer,
    ledger: serverLedger,
    costs: new CostSheet(server),
  };
  const prepare = () => Promise.all([prepareClient(clientContext), prepareServer(serverContext)]);
  const infer = async (image: RingVector) => {
    const [ofClient, ofServer] = await prepare();
    const [logits] = await Promise.all([
      inferOnClient(ofClient, image, clientContext),
      inferOnServer(ofServer, serverContext),
    ]);
    return logits;
  };
  return { clientContext, serverContext, prepare, infer };
}

/** Of each channel its own. */
const secretCoefficients = (degree: number, channel: number) => ([0.1, 0.5, 0.03][degree] as number) + channel / 64;

describe("private inference", () => {
  it.each([
    [0, "garbled", "dealer"],
    [0.4, "garbled", "dealer"],
    [1, "garbled", "dealer"],
    [0.4, "gmw", "dealer"],
    [0.4, "garbled", "he"],
  ] as const)(
    "is the network in the clear, to one unit a truncation, with %d of the ReLUs kept, %s, linear layers by %s",
    async (kept, relus, linear) => {
      const { network, images } = readyNetwork(tinyModel(), { seed: 5, kept, images: 2 });
      const { infer } = await setup(network, relus, linear);
      for (const image of images.slice(1)) {
        const logits = await infer(image);
        const exact = inferInTheClear(network, image);
        const off = logits.map((logit, i) => logit - (exact[i] as bigint));
        expect(off.every((units) => -40n < units && units < 40n)).toBe(true); // 0.01 in real numbers
        expect(logits.length).toBe(5);
      }
    },
  );

  it.each([
    ["gazelle", "garbled", { linear: "online", relus: "offline" }],
    ["minionn", "garbled", { linear: "offline", relus: "online" }],
    ["cheetah", "gmw", { linear: "online", relus: "online" }],
    ["cheetah with its triples made before", "gmw", { linear: "online", relus: "offline" }],
  ] as const)("is the same network in the arrangement of %s, by what it sends when", async (_, relus, schedule) => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 5, kept: 0.4, images: 2 });
    const { infer, clientContext } = await setup(network, relus, "he", schedule);
    const totals: Omit<Cost, "ms">[][] = [];
    for (const image of images) {
      const before = clientContext.costs.costs.length;
      const logits = await infer(image);
      inferInTheClear(network, image).forEach((exact, i) => {
        expect(Math.abs(Number((logits[i] as bigint) - exact))).toBeLessThan(40);
      });
      totals.push(
        clientContext.costs.costs.slice(before).map(({ ms: _, ...cost }) => cost), // its messages
      );
    }
    expect(totals[1]).toEqual(totals[0]);
    const bytesOf = (phase: Phase, op: Step["op"]) =>
      stepsOf(network.architecture, op)
        .flatMap(({ name }) => totals[0]?.filter((cost) => cost.phase === phase && cost.step === name) ?? [])
        .reduce((sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived, 0);
    const other = { offline: "online", online: "offline" } as const;
    expect(bytesOf(schedule.linear, "linear")).toBeGreaterThan(4 * 153_616);
    expect(bytesOf(other[schedule.linear], "linear")).toBe(0);
    expect(bytesOf(schedule.relus, "relu")).toBeGreaterThan(2_000 * keptReluCount(network.architecture));
  });

  it.each([
    ["garbled", "dealer", allOffline],
    ["gmw", "he", { linear: "online", relus: "offline" }],
  ] as const)("infers a batch in the rounds of one image, %s, linear layers by %s", async (relus, linear, schedule) => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 5, kept: 0.4, images: 3 });
    const rounds = [];
    for (const batch of [images.slice(0, 1), images]) {
      const together = batched(network, { images: batch.length, linear });
      const { infer, clientContext } = await setup(together, relus, linear, schedule);
      const logits = partsOf(await infer(joined(batch)), batch.length);
      for (const [i, image] of batch.entries())
        inferInTheClear(network, image).forEach((exact, c) => {
          expect(Math.abs(Number((logits[i]?.[c] as bigint) - exact))).toBeLessThan(40);
        });
      rounds.push(totalOf(clientContext.costs.costs, "online").rounds);
    }
    expect(rounds[1]).toBe(rounds[0]);
  });

  it("adds a label and a bit for each bit of a share that comes after its circuit, and a round a layer", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 2, kept: 1, images: 1 });
    const { infer, clientContext } = await setup(network, "garbled", "he", { linear: "online", relus: "offline" });
    await infer(images[0] as RingVector);
    const relus = stepsOf(network.architecture, "relu");
    const costs = clientContext.costs.costs.filter(
      ({ phase, step }) => phase === "online" && relus.some(({ name }) => name === step),
    );
    for (const [i, { kept }] of relus.entries())
      expect(costs[i]).toMatchObject({
        bytesReceived: 2 * (37 * 16 * kept.length + 9),
        bytesSent: 4 * (37 + 64) * Math.ceil(kept.length / 32) + 2 * 9,
        rounds: 1,
      });
    const online = totalOf(clientContext.costs.costs, "online");
    const layers = stepsOf(network.architecture, "linear").length + relus.length;
    expect(online.rounds).toBe(layers); // the output comes behind the last product
  });

  it.each([
    ["public", "dealer", (degree: number) => publicCoefficients[degree] as number],
    ["secret", "dealer", secretCoefficients],
    ["secret", "he", secretCoefficients],
  ] as const)(
    "squares the units that compute polynomials of %s coefficients, for 8 bytes each way, by %s",
    async (_, linear, of) => {
      const source = randomNetwork(tinyModel(), { seed: 5, kept: 0.4 });
      const polynomials = new Map(
        reluLayers(source.model).map(({ name, shape: [, , channels] }) => [
          name,
          Float32Array.from({ length: 3 * channels }, (_, i) => of(Math.floor(i / channels), i % channels)),
        ]),
      );
      const images = randomImages(source.model, 2, 3);
      const network = calibrate(quantize({ ...source, polynomials }), images);
      const { infer, clientContext } = await setup(network, "garbled", linear);
      for (const image of images) {
        const exact = inferInTheClear(network, image);
        (await infer(image)).forEach((logit, i) => {
          expect(Math.abs(Number(logit - (exact[i] as bigint)))).toBeLessThan(80);
        });
      }
      const squares = stepsOf(network.architecture, "square");
      expect(squares.length).toBe(3);
      for (const { name, size } of squares) {
        const cost = clientContext.costs.costs.find(({ phase, step }) => phase === "online" && step === name);
        expect(cost).toMatchObject({ bytesSent: 8 * size + 9, bytesReceived: 8 * size + 9 });
      }
    },
  );

  it("computes polynomials in GAZELLE's arrangement, a batch at a time", async () => {
    const source = randomNetwork(tinyModel(), { seed: 5, kept: 0.4 });
    const polynomials = new Map(
      reluLayers(source.model).map(({ name, shape: [, , channels] }) => [
        name,
        Float32Array.from({ length: 3 * channels }, (_, i) =>
          secretCoefficients(Math.floor(i / channels), i % channels),
        ),
      ]),
    );
    const images = randomImages(source.model, 2, 3);
    const network = calibrate(quantize({ ...source, polynomials }), images);
    const together = batched(network, { images: 2, linear: "he" });
    const { infer } = await setup(together, "garbled", "he", { linear: "online", relus: "offline" });
    const logits = partsOf(await infer(joined(images)), 2);
    for (const [i, image] of images.entries())
      inferInTheClear(network, image).forEach((exact, c) => {
        expect(Math.abs(Number((logits[i]?.[c] as bigint) - exact))).toBeLessThan(80);
      });
  });

  it("takes messages whose number and sizes no image changes", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 2, kept: 0.5, images: 1 });
    const { infer, clientContext } = await setup(network);
    const image = images[0] as RingVector;
    const totals = [];
    for (const each of [image, image.map(() => 0n)]) {
      const before = clientContext.costs.costs.length;
      await infer(each);
      const costs = clientContext.costs.costs.slice(before);
      totals.push((["offline", "online"] as const).map((phase) => ({ ...totalOf(costs, phase), ms: 0 })));
    }
    expect(totals[1]).toEqual(totals[0]);
  });

  it("moves the bytes that the formula says, and one round a ReLU layer online", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 2, kept: 1, images: 1 });
    const { infer, clientContext } = await setup(network);
    await infer(images[0] as RingVector);
    const units = keptReluCount(network.architecture);
    const online = totalOf(clientContext.costs.costs, "online");
    // 37 labels a unit, the output's 5 shares, and a header for each of 3 layers and the output
    expect(online.bytesReceived).toBe(37 * 16 * units + 5 * 8 + 4 * 9);
    expect(online.rounds).toBe(4);
    const offline = totalOf(clientContext.costs.costs, "offline");
    expect(offline.bytesReceived).toBeGreaterThanOrEqual(4_320 * units);
    expect(offline.bytesReceived).toBeLessThan(4_320 * units + 10_000);
  });

  it("serves one image for each preparation", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 2, kept: 0.5, images: 1 });
    const image = images[0] as RingVector;
    const { prepare, clientContext, serverContext } = await setup(network);
    const [ofClient, ofServer] = await prepare();
    await Promise.all([inferOnClient(ofClient, image, clientContext), inferOnServer(ofServer, serverContext)]);
    await expect(inferOnClient(ofClient, image, clientContext)).rejects.toThrow(UsedTwiceError);
    await clientContext.server.send("maskedInput", image);
    await expect(inferOnServer(ofServer, serverContext)).rejects.toThrow(
      "a correlation was about to be used a second time",
    );
  });

  it("ends for both parties where one goes", async () => {
    const { network } = readyNetwork(tinyModel(), { seed: 2, kept: 1, images: 1 });
    const { clientContext, serverContext } = await setup(network);
    const ends = Promise.allSettled([prepareClient(clientContext), prepareServer(serverContext)]);
    await clientContext.server.close();
    for (const end of await ends) expect(end).toMatchObject({ reason: { name: "ChannelError", reason: "closed" } });
  });

  it("begins with one architecture on both sides", async () => {
    const { network } = readyNetwork(tinyModel(), { seed: 2, kept: 0.5, images: 1 });
    const other: Architecture = { ...network.architecture, name: "other" };
    const [near, far] = await channelPair();
    open.push(near, far);
    const hello = {
      architecture: network.architecture,
      relus: "garbled",
      linear: "dealer",
      schedule: allOffline,
    } as const;
    await Promise.all([greet(near, hello), greet(far, hello)]);
    const others = await Promise.allSettled([greet(near, hello), greet(far, { ...hello, relus: "gmw" })]);
    others.push(...(await Promise.allSettled([greet(near, hello), greet(far, { ...hello, linear: "he" })])));
    const later = { linear: "offline", relus: "online" } as const;
    others.push(...(await Promise.allSettled([greet(near, hello), greet(far, { ...hello, schedule: later })])));
    for (const greeting of others) expect(greeting).toMatchObject({ status: "rejected" });
    const greetings = await Promise.allSettled([greet(near, hello), greet(far, { ...hello, architecture: other })]);
    for (const greeting of greetings) {
      expect(greeting).toMatchObject({ reason: expect.any(ChannelError) });
      expect((greeting as PromiseRejectedResult).reason.message).toContain("another architecture");
    }
  });

  it("keeps what the server sees of an input uniform: the same image is masked anew", async () => {
    const { network, images } = readyNetwork(tinyModel(), { seed: 2, kept: 0, images: 1 });
    const { prepare } = await setup(network);
    const [[first], [second]] = [await prepare(), await prepare()];
    expect(first.inputMask).not.toEqual(second.inputMask);
    expect(first.inputMask.length).toBe(images[0]?.length);
  });
});
