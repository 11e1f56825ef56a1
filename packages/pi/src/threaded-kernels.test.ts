import { expect, it } from "vitest";
import { chooseKernels } from "./choose-kernels.ts";
import { chunkUnits } from "./chunks.ts";
import { filterSize, inputSize } from "./convolution.ts";
import { type ChunkName, GateHash } from "./gate-hash.ts";
import type { Kernels } from "./kernels.ts";
import { labelsOfBits, labelWords, randomDelta } from "./labels.ts";
import { randomSeed, randomVector, randomWords } from "./random.ts";
import { boundedReluCircuit as bounded, fullReluCircuit as full } from "./relu-circuit.ts";
import { shiftRight } from "./ring.ts";
import { reluBy, reluEnds } from "./test-relus.ts";

/** A chunk of units with labels for everything, by name. */
function chunkOf(circuit: typeof full, name: ChunkName) {
  const units = 33 + name.chunk;
  const delta = randomDelta();
  const zerosOf = (bits: number) => randomWords(labelWords * bits * units);
  const { signBits, ands } = circuit;
  const zeros = { clientShare: zerosOf(signBits), serverShare: zerosOf(signBits), mask: zerosOf(64) };
  const bits = (of: keyof typeof zeros, count: number) => labelsOfBits(zeros[of], randomVector(units), count, delta);
  const labels = {
    clientShare: bits("clientShare", signBits),
    serverShare: bits("serverShare", signBits),
    mask: bits("mask", 64),
  };
  return { circuit, units, delta, zeros, labels, hash: new GateHash(name, { ands, units }) };
}

it("threads give the bytes that one gives, whichever circuit, several chunks at once", async () => {
  const [one, two] = [chooseKernels(), chooseKernels({ threads: 2 })];
  const nonce = randomSeed();
  const chunks = [full, bounded, bounded, full, full].map((circuit, chunk) =>
    chunkOf(circuit, { nonce, layer: 1, chunk }),
  );
  const alone = await Promise.all(chunks.map((chunk) => one.garble(chunk)));
  expect(await Promise.all(chunks.map((chunk) => two.garble(chunk)))).toEqual(alone);
  const pairs = chunks.map((chunk, i) => ({ ...chunk, tables: alone[i]?.tables as Uint8Array }));
  const colors = await Promise.all(pairs.map((pair) => one.evaluate(pair)));
  expect(await Promise.all(pairs.map((pair) => two.evaluate(pair)))).toEqual(colors);
  await two.close();
  expect([one.threads, two.threads]).toEqual([1, 2]);
});

it.each([1, 2])(
  "threads convolve as one does, several images and filters at once, with a stride of %i",
  async (stride) => {
    const [one, three] = [chooseKernels(), chooseKernels({ threads: 3 })];
    const extent = 20 * stride;
    const shape = { height: extent, width: extent, channelsIn: 48, channelsOut: 40, kernel: 3, stride, padding: 1 };
    const random = () => ({
      filters: randomWords(filterSize(shape) * shape.channelsOut),
      image: randomVector(inputSize(shape)),
    });
    const given = [random(), random()];
    const convolved = ({ convolve }: Kernels) =>
      Promise.all([...given, ...given].map(({ filters, image }) => convolve(shape, filters, image)));
    expect(await convolved(three)).toEqual(await convolved(one));
    await three.close();
  },
);

it("a thread's error is its caller's, and a pool that was closed refuses", async () => {
  const kernels = chooseKernels({ threads: 2 });
  const chunk = chunkOf(full, { nonce: randomSeed(), layer: 0, chunk: 0 });
  const labels = {} as typeof chunk.labels;
  await expect(kernels.evaluate({ ...chunk, labels, tables: new Uint8Array(0) })).rejects.toThrow();
  await kernels.close();
  await expect(kernels.garble(chunk)).rejects.toThrow("a thread of kernels ended");
});

it("GMW sends as much by any number of threads, also for more chunks than threads", async () => {
  const x = shiftRight(randomVector(3 * chunkUnits + 1), 28);
  const costs = [];
  for (const threads of [1, 4]) {
    const ends = await reluEnds("gmw", { threads });
    const out = await reluBy(ends, x, { kept: Uint32Array.from(x.keys()), signBits: 37, layer: 0 });
    expect(Buffer.from(out.buffer).equals(Buffer.from(x.map((value) => (value > 0n ? value : 0n)).buffer))).toBe(true);
    costs.push(ends.near.transcript.total);
    await ends.close();
  }
  expect(costs[1]).toEqual(costs[0]);
});

it("a layer of more chunks than the client has out goes through as many threads as it has chunks", async () => {
  const ends = await reluEnds("garbled", { threads: 4 });
  const x = shiftRight(randomVector(3 * chunkUnits + 1), 28);
  const out = await reluBy(ends, x, { kept: Uint32Array.from(x.keys()), signBits: 37, layer: 0 });
  expect(Buffer.from(out.buffer).equals(Buffer.from(x.map((value) => (value > 0n ? value : 0n)).buffer))).toBe(true);
  await ends.close();
});
