import { expect, it } from "vitest";
import { UsedTwiceError } from "./ledger.ts";
import { randomVector } from "./random.ts";
import { type RingVector, shiftRight } from "./ring.ts";
import { reluBy, reluEnds } from "./test-relus.ts";

const all = (units: number) => Uint32Array.from({ length: units }, (_, unit) => unit);

it("garbled ReLUs are exact on shares that come after their circuits, of several chunks, which are given labels once", async () => {
  const ends = await reluEnds("garbled", { choices: "random" });
  const edges = [0n, 1n, -1n, 2n ** 35n, 2n ** 36n - 1n, -(2n ** 36n)];
  for (const [layer, signBits] of [37, 64].entries()) {
    const x: RingVector = BigInt64Array.from([...edges, ...shiftRight(randomVector(2_100), 64 - signBits)]);
    const out = await reluBy(ends, x, { kept: all(x.length), signBits: signBits as 37 | 64, layer });
    expect(out).toEqual(x.map((value) => (value > 0n ? value : 0n)));
  }
  const share = randomVector(3);
  const step = { op: "relu", name: "relu", from: "x", size: 3, kept: all(3), signBits: 37 } as const;
  const [ofClient, ofServer] = await Promise.all([
    ends.client.prepare({ step, layer: 9, chosen: randomVector(3), mask: randomVector(3) }),
    ends.server.prepare({ step, layer: 9 }),
  ]);
  await Promise.all([ofServer(share), ofClient(share)]);
  await expect(ofClient(randomVector(3))).rejects.toThrow(UsedTwiceError);
  await expect(ofServer(randomVector(3))).rejects.toThrow("a choices was about to be used a second time");
  await ends.close();
});
