import { expect, it } from "vitest";
import { startReceiver, startSender } from "./base-exchange.ts";
import { chooseKernels } from "./choose-kernels.ts";
import { chunkUnits } from "./chunks.ts";
import { Inference } from "./inference.ts";
import { Ledger, UsedTwiceError } from "./ledger.ts";
import { wasmKernels } from "./portable-kernels.ts";
import { multiply } from "./quadratic.ts";
import { randomSeed } from "./random.ts";
import { add, bytesOf } from "./ring.ts";
import { pairsByTransfersAtClient, pairsByTransfersAtServer } from "./square-transfers.ts";
import { channelPair } from "./test-channels.ts";

it("transfers give shares of a root and of its square, exactly, with rows that are used once", async () => {
  const units = Uint32Array.from({ length: chunkUnits + 33 }, (_, unit) => unit);
  const step = { op: "square", name: "square", from: "x", units, size: units.length } as const;
  const [server, client] = await channelPair();
  const halves = { client: randomSeed(), server: randomSeed() };
  const [ofClient, ofServer] = [chooseKernels(), wasmKernels()];
  const [{ delta, seeds }, pairs] = await Promise.all([startSender(client, new Ledger()), startReceiver(server)]);
  const [receiver, sender] = [ofClient.randomReceiver(pairs), ofServer.randomSender(delta, seeds)];
  const at = () => ({ step, layer: 1, inference: new Inference(new Ledger(), halves) });
  const [atClient, atServer] = [
    { ...at(), peer: server },
    { ...at(), peer: client },
  ] as const;
  const [one, other] = await Promise.all([
    pairsByTransfersAtClient(atClient, receiver),
    pairsByTransfersAtServer(atServer, sender),
  ]);
  const root = add(one.root, other.root);
  expect(Buffer.compare(bytesOf(add(one.square, other.square)), bytesOf(multiply(root, root)))).toBe(0);
  expect(new Set(root).size).toBe(units.length);
  await expect(pairsByTransfersAtClient(atClient, receiver)).rejects.toThrow(UsedTwiceError);
  await Promise.all([server.close(), client.close()]);
});
