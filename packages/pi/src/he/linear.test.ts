import { expect, it } from "vitest";
import { chooseKernels } from "../choose-kernels.ts";
import { type ConvolutionShape, convolveByDefinition, filterSize, inputSize, outputSize } from "../convolution.ts";
import { headerBytes } from "../frame.ts";
import { partsOf } from "../images.ts";
import { randomVector, randomWords } from "../random.ts";
import { add, concatenated } from "../ring.ts";
import { channelPair } from "../test-channels.ts";
import { beginClient, beginServer, correlateClient, correlateServer } from "./linear.ts";
import { bytesOf, countsOf, packingOf } from "./packing.ts";
import type { PolynomialKernels } from "./polynomials.ts";

const shape: ConvolutionShape = {
  height: 32,
  width: 32,
  channelsIn: 20,
  channelsOut: 10,
  kernel: 3,
  stride: 2,
  padding: 1,
};

it.each([1, 3])("correlates %i images at once, each by itself, with weights transformed once", async (images) => {
  const [server, client] = await channelPair();
  const { polynomials } = chooseKernels();
  let transformed = 0;
  const counting: PolynomialKernels = {
    ...polynomials,
    multiplyPlain(...given) {
      transformed++;
      polynomials.multiplyPlain(...given);
    },
  };
  const filters = randomWords(filterSize(shape) * shape.channelsOut).map((word) => word >> 20);
  const share = randomVector(images * inputSize(shape));
  const step = { op: "linear", name: "conv", from: "x", size: images * outputSize(shape), shape, images } as const;
  const [key, publicKey] = await Promise.all([beginClient(server, polynomials), beginServer(client)]);
  const before = server.transcript.total;
  const [ofClient, ofServer] = await Promise.all([
    correlateClient(step, share, { server, key, kernels: polynomials }),
    correlateServer(step, filters, { client, publicKey, kernels: counting }),
  ]);
  const exact = partsOf(share, images).map((image) => convolveByDefinition(shape, filters, image));
  expect(add(ofClient, ofServer)).toEqual(concatenated(...exact));

  const packing = packingOf("conv", shape);
  const { inputs, outputs } = countsOf(packing);
  expect(transformed).toBe(outputs * (inputs + images)); // and a ternary polynomial for each product
  const { toServer, toClient } = bytesOf(packing);
  const { bytesSent, bytesReceived } = server.transcript.since(before);
  expect(bytesSent).toBe(images * (toServer + inputs * headerBytes));
  expect(bytesReceived).toBe(images * (toClient + outputs * headerBytes));
  await Promise.all([server.close(), client.close()]);
});
