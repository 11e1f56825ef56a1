import type { Channel } from "../channel.ts";
import { gather } from "../chunks.ts";
import { imagesOf, partsOf } from "../images.ts";
import type { StepOf } from "../network.ts";
import { randomVector, seedBytes } from "../random.ts";
import type { RingVector } from "../ring.ts";
import {
  type Ciphertext,
  decrypt,
  emptySum,
  encrypt,
  expand,
  finish,
  type SecretKey,
  type SeededCiphertext,
  secretKey,
} from "./bfv.ts";
import { countsOf, outputPlaces, type Packing, packInput, packingOf, packWeights } from "./packing.ts";
import { degree, primes, sentPrimes } from "./parameters.ts";
import type { PolynomialKernels } from "./polynomials.ts";
import { ciphertextBytes, packResidues, productBytes, requireResidues, unpackResidues } from "./wire.ts";

/*
 * Correlations of linear layers by homomorphic encryption: the client encrypts its share r of a layer's input, the server
 * multiplies by its weights and subtracts s, uniform, and the client decrypts W·r − s.
 */

/** The client's end for one inference: a fresh key, whose public half the server has. */
export async function beginClient(server: Channel, kernels: PolynomialKernels): Promise<SecretKey> {
  const key = secretKey(kernels);
  await server.send("publicKey", written(encrypt(new BigInt64Array(degree), { key, kernels })));
  return key;
}

export async function beginServer(client: Channel): Promise<Ciphertext> {
  return expand(read(await client.receive("publicKey", ciphertextBytes)));
}

/** The client's W·r − s of a layer. */
export async function correlateClient(
  step: StepOf<"linear">,
  share: RingVector,
  { server, key, kernels }: { server: Channel; key: SecretKey; kernels: PolynomialKernels },
): Promise<RingVector> {
  const packing = packingOf(step.name, step.shape);
  const { slabs, inputs, outputs } = countsOf(packing);
  const images = imagesOf(step);
  const out = new BigInt64Array(step.size);
  for (let slab = 0; slab < slabs; slab++) {
    for (const image of partsOf(share, images))
      for (let group = 0; group < inputs; group++) {
        const message = packInput(packing, image, { slab, group });
        await server.send("ciphertext", written(encrypt(message, { key, kernels })));
      }
    for (let group = 0; group < outputs; group++) {
      const { coefficients, places } = outputPlaces(packing, { slab, group });
      for (const image of partsOf(out, images)) {
        const bytes = await server.receive("product", productBytes(coefficients.length));
        const { messages } = decrypt(readProduct(bytes, coefficients.length), { key, coefficients, kernels });
        for (let i = 0; i < places.length; i++) image[places[i] as number] = messages[i] as bigint;
      }
    }
  }
  return out;
}

/** The server's s of a layer. */
export async function correlateServer(
  step: StepOf<"linear">,
  filters: Int32Array,
  { client, publicKey, kernels }: { client: Channel; publicKey: Ciphertext; kernels: PolynomialKernels },
): Promise<RingVector> {
  const packing = packingOf(step.name, step.shape);
  const { slabs, inputs, outputs } = countsOf(packing);
  const kept = randomVector(step.size);
  const keptOfImages = partsOf(kept, imagesOf(step));
  for (let slab = 0; slab < slabs; slab++) {
    // all images' before the first product, so that they share the round
    const received: Ciphertext[][] = [];
    for (const _ of keptOfImages) received.push(await receiveCiphertexts(client, inputs));
    for (let group = 0; group < outputs; group++) {
      const { coefficients, places } = outputPlaces(packing, { slab, group });
      const sums = weightedSums(packing, filters, { received, group, kernels });
      for (const [image, sum] of sums.entries()) {
        const message = gather(keptOfImages[image] as RingVector, places);
        const { b, a } = finish(sum, { publicKey, coefficients, message, kernels });
        await client.send("product", packResidues(joined(a, b)));
      }
    }
  }
  return kept;
}

async function receiveCiphertexts(client: Channel, count: number): Promise<Ciphertext[]> {
  const received: Ciphertext[] = [];
  for (let i = 0; i < count; i++) received.push(expand(read(await client.receive("ciphertext", ciphertextBytes))));
  return received;
}

/**
 * Of each image the sum over a layer's inputs of what their weights to one group of outputs make of them. The weights, which are
 * all images', are transformed once, and only the sums of one group are in memory, beside the ciphertexts.
 */
function weightedSums(
  packing: Packing,
  filters: Int32Array,
  { received, group, kernels }: { received: readonly Ciphertext[][]; group: number; kernels: PolynomialKernels },
): Ciphertext[] {
  const sums = received.map(emptySum);
  for (let input = 0; input < countsOf(packing).inputs; input++) {
    const ciphertexts = received.flatMap((ofImage) => ofImage[input] as Ciphertext);
    kernels.multiplyPlain(sums.flat(), packWeights(packing, filters, { input, output: group }), ciphertexts);
  }
  return sums;
}

function written({ seed, b }: SeededCiphertext): Uint8Array {
  const bytes = new Uint8Array(ciphertextBytes);
  bytes.set(seed);
  bytes.set(packResidues(b), seedBytes);
  return bytes;
}

const read = (bytes: Uint8Array): SeededCiphertext => ({
  seed: bytes.subarray(0, seedBytes),
  b: requireResidues(unpackResidues(bytes.subarray(seedBytes), primes.length * degree), {
    count: degree,
    peer: "client",
  }),
});

function readProduct(bytes: Uint8Array, count: number) {
  const residues = unpackResidues(bytes, sentPrimes * (degree + count));
  return {
    a: requireResidues(residues.subarray(0, sentPrimes * degree), { count: degree, peer: "server" }),
    b: requireResidues(residues.subarray(sentPrimes * degree), { count, peer: "server" }),
  };
}

function joined(first: Int32Array, second: Int32Array): Int32Array {
  const out = new Int32Array(first.length + second.length);
  out.set(first);
  out.set(second, first.length);
  return out;
}
