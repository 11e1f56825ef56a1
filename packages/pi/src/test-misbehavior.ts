/** Peers that misbehave in the middle of what an honest one says, by lot; tests and benches only, as all of this file. */
import { randomBytes, randomInt } from "node:crypto";
import { Duplex } from "node:stream";
import { baseTransfers } from "./base-ot.ts";
import { Channel, ChannelError } from "./channel.ts";
import { headerBytes } from "./frame.ts";
import { inferGmwClient, prepareGmwClient } from "./gmw-client.ts";
import { inferGmwServer, prepareGmwServer } from "./gmw-server.ts";
import { beginClient, beginServer, correlateClient, correlateServer } from "./he/linear.ts";
import { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import { labelBytes, randomDelta } from "./labels.ts";
import { answerLate, chooseLate } from "./late-choices.ts";
import { Ledger } from "./ledger.ts";
import { randomSeed, randomVector } from "./random.ts";
import { evaluateLayer, prepareEvaluator } from "./relu-client.ts";
import { offerLayer, prepareGarbler } from "./relu-server.ts";
import type { Choices } from "./schedule.ts";
import { prepareSquareClient, prepareSquareServer } from "./square.ts";
import { pairsByTransfersAtClient, pairsByTransfersAtServer } from "./square-transfers.ts";

/** What becomes of a message: the bytes in its place, and whether the connection ends behind them. */
type Way = (message: Buffer) => { bytes: Buffer; ends?: boolean };

/** Bytes in the message's place that are a message's by chance only. */
const garbage = () => randomBytes(randomInt(1, 64));

export const ways = {
  truncated: (message) => ({ bytes: message.subarray(0, randomInt(message.length)), ends: true }),
  oversized(message) {
    const changed = Buffer.from(message);
    changed.writeUInt32LE((changed.readUInt32LE(0) + randomInt(1, 2 ** 32)) % 2 ** 32, 0);
    return { bytes: changed };
  },
  replayed: (message) => ({ bytes: Buffer.concat([message, message]) }),
  /** `misbehaving` sends it behind the next one. */
  reordered: () => ({ bytes: Buffer.alloc(0) }),
  "of another type"(message) {
    const changed = Buffer.from(message);
    changed[4] = (changed[4] as number) ^ randomInt(1, 256);
    return { bytes: changed };
  },
  garbage: () => ({ bytes: garbage(), ends: true }),
  "garbage between": (message) => ({ bytes: Buffer.concat([garbage(), message]) }),
  /** No header says that it is wrong: what is computed of it is nonsense, and that is all. */
  "of random content": (message) => ({
    bytes: Buffer.concat([message.subarray(0, 9), randomBytes(message.length - 9)]),
  }),
} as const satisfies Record<string, Way>;
export type WayName = keyof typeof ways;

/** One end of a connection in memory; what it writes arrives at its peer as `passOn` has it. */
class End extends Duplex {
  peer: End | undefined;
  passOn: (written: Buffer) => { bytes: Buffer; ends?: boolean } = (bytes) => ({ bytes });
  #ended = false;

  override _read(): void {}

  override _write(chunk: Buffer, _: string, done: () => void): void {
    const { bytes, ends } = this.passOn(Buffer.from(chunk));
    if (bytes.length > 0) this.peer?.arrive(bytes);
    if (ends) this.peer?.finish();
    done();
  }

  override _final(done: () => void): void {
    this.peer?.finish();
    done();
  }

  override _destroy(_: Error | null, done: () => void): void {
    this.peer?.finish();
    done();
  }

  arrive(bytes: Buffer): void {
    if (!this.#ended && !this.destroyed) this.push(bytes);
  }

  finish(): void {
    if (this.#ended || this.destroyed) return;
    this.#ended = true;
    this.push(null);
  }
}

function connected(): [End, End] {
  const [a, b] = [new End(), new End()];
  a.peer = b;
  b.peer = a;
  return [a, b];
}

/** Lets messages pass up to the one at a place, and does to that one what the way says; `onMisbehaved` tells that it came. */
function misbehaving(way: Way, place: number, onMisbehaved: () => void): End["passOn"] {
  let unread: Buffer = Buffer.alloc(0);
  let seen = 0;
  let held: Buffer | undefined;
  const nextMessage = (): Buffer | undefined => {
    if (unread.length < headerBytes) return undefined;
    const length = headerBytes + unread.readUInt32LE(0);
    if (unread.length < length) return undefined;
    const message = unread.subarray(0, length);
    unread = unread.subarray(length);
    return message;
  };
  return (written) => {
    unread = Buffer.concat([unread, written]);
    const passed: Buffer[] = [];
    let ends = false;
    for (let message = nextMessage(); message; message = nextMessage()) {
      if (seen++ !== place) {
        passed.push(message, ...(held ? [held] : []));
        held = undefined;
        continue;
      }
      onMisbehaved();
      if (way === ways.reordered) held = message;
      const changed = way(message);
      passed.push(Buffer.from(changed.bytes));
      ends ||= changed.ends ?? false;
    }
    return { bytes: Buffer.concat(passed), ends };
  };
}

const units = 5;
const step = {
  op: "relu",
  name: "relu",
  from: "x",
  size: units,
  kept: Uint32Array.of(0, 1, 2, 3, 4),
  signBits: 37,
} as const;
const squares = { op: "square", name: "square", from: "x", units: step.kept, size: units } as const;

const linear = {
  op: "linear",
  name: "linear",
  from: "x",
  size: units,
  shape: { height: 1, width: 1, channelsIn: units, channelsOut: units, kernel: 1, stride: 1, padding: 0 },
} as const;

/** Correlated transfers without their base transfers, which take half a second. */
function correlated(kernels: Kernels) {
  const { delta, pairs, chosen } = baseSeeds();
  return { delta, sender: kernels.sender(delta, chosen), receiver: kernels.receiver(pairs) };
}

/** The same of random transfers. */
function randomTransfers(kernels: Kernels) {
  const { delta, pairs, chosen } = baseSeeds();
  return { sender: kernels.randomSender(delta, chosen), receiver: kernels.randomReceiver(pairs) };
}

function baseSeeds() {
  const delta = randomDelta();
  const pairs = Array.from({ length: baseTransfers }, () => [randomSeed(), randomSeed()] as const);
  const bits = new Uint8Array(delta.buffer, 0, labelBytes);
  const chosen = pairs.map((pair, i) => pair[((bits[i >> 3] as number) >> (i & 7)) & 1 ? 1 : 0]);
  return { delta, pairs, chosen };
}

interface Ends {
  client: Channel;
  server: Channel;
  kernels: Kernels;
}

function garbledRelus(choices: Choices) {
  return ({ client, server, kernels }: Ends) => {
    const [ofClient, ofServer] = inferences();
    const { delta, sender, receiver } = correlated(kernels);
    const [share, chosen, mask] = [randomVector(units), randomVector(units), randomVector(units)];
    const at = { step, layer: 1 };
    return [
      async () => {
        const { threads } = kernels;
        const evaluator = await prepareEvaluator({ ...at, chosen, mask, server, transfers: receiver, threads });
        const late = { ...at, inference: ofClient };
        if (choices === "random") await chooseLate(late, evaluator.chunks, { chosen, share, server });
        await evaluateLayer(evaluator, { inference: ofClient, server, kernels });
      },
      async () => {
        const inference = ofServer;
        const garbler = await prepareGarbler({
          ...at,
          inference,
          choices,
          client,
          transfers: sender,
          delta,
          kernels,
        });
        if (choices === "random") await answerLate({ ...at, inference }, garbler.chunks, { client, delta, kernels });
        await offerLayer(garbler, share, { inference, client, delta, kernels });
      },
    ];
  };
}

function gmwRelus(choices: Choices) {
  return ({ client, server, kernels }: Ends) => {
    const [ofClient, ofServer] = inferences();
    const [one, other] = [randomTransfers(kernels), randomTransfers(kernels)];
    const { threads } = kernels;
    const [share, chosen, mask] = [randomVector(units), randomVector(units), randomVector(units)];
    const at = { step, layer: 1 };
    return [
      async () => {
        const transfers = {
          peer: server,
          role: "client",
          threads,
          sender: other.sender,
          receiver: one.receiver,
        } as const;
        const prepared = await prepareGmwClient({ ...at, chosen, mask, inference: ofClient, transfers });
        await inferGmwClient(prepared, share, { inference: ofClient, choices, transfers });
      },
      async () => {
        const transfers = {
          peer: client,
          role: "server",
          threads,
          sender: one.sender,
          receiver: other.receiver,
        } as const;
        const prepared = await prepareGmwServer({ ...at, inference: ofServer, transfers });
        await inferGmwServer(prepared, share, { inference: ofServer, choices, transfers });
      },
    ];
  };
}

/** Both parties' parts of a conversation, offline and online. */
const conversations = {
  garbled: garbledRelus("of the share"),
  "garbled, chosen late": garbledRelus("random"),
  gmw: gmwRelus("of the share"),
  "gmw, chosen late": gmwRelus("random"),
  squares({ client, server, kernels }: Ends) {
    const [ofClient, ofServer] = inferences();
    const { sender, receiver } = randomTransfers(kernels);
    const share = randomVector(units);
    return [
      async () => {
        const at = { step: squares, layer: 1, inference: ofClient };
        const pairs = await pairsByTransfersAtClient({ ...at, peer: server }, receiver);
        const { online } = await prepareSquareClient(at, { share, server, pairs });
        await online();
      },
      async () => {
        const at = { step: squares, layer: 1, inference: ofServer };
        const pairs = await pairsByTransfersAtServer({ ...at, peer: client }, sender);
        const online = await prepareSquareServer(at, { client, pairs });
        await online(share);
      },
    ];
  },
  encrypted({ client, server, kernels: { polynomials: kernels } }: Ends) {
    const filters = new Int32Array(units * units).fill(7);
    return [
      async () => {
        const key = await beginClient(server, kernels);
        await correlateClient(linear, randomVector(units), { server, key, kernels });
      },
      async () => {
        const publicKey = await beginServer(client);
        await correlateServer(linear, filters, { client, publicKey, kernels });
      },
    ];
  },
} as const satisfies Record<string, (ends: Ends) => (() => Promise<void>)[]>;

/** Messages that a party sends in a conversation, at most. */
const messagesOf: Record<keyof typeof conversations, number> = {
  garbled: 2,
  "garbled, chosen late": 3,
  gmw: 10,
  "gmw, chosen late": 11,
  squares: 3,
  encrypted: 2,
};

function inferences(): [Inference, Inference] {
  const halves = { client: randomSeed(), server: randomSeed() };
  return [new Inference(new Ledger(), halves), new Inference(new Ledger(), halves)];
}

/** What a session came to in which a peer misbehaved: it ended with an error of the channel, or it went through. */
export type Outcome = ChannelError["reason"] | "through";

/** What is wrong in a header, or ends the connection, and so ends the session for certain. */
const alwaysEnd: readonly WayName[] = ["truncated", "oversized", "of another type", "garbage", "garbage between"];

/**
 * A session in which one message, drawn by lot, is not what it should be; undefined where the part has fewer messages.
 * @throws Error where a party fails with anything but an error of the channel that names its peer, or goes on where it must not
 */
export async function misbehave(kernels: Kernels): Promise<{ way: WayName; outcome: Outcome } | undefined> {
  const way = drawn(Object.keys(ways) as WayName[]);
  const talk = drawn(Object.keys(conversations) as (keyof typeof conversations)[]);
  const [near, far] = connected();
  let misbehaved = false;
  (randomInt(2) ? near : far).passOn = misbehaving(ways[way], randomInt(messagesOf[talk]), () => {
    misbehaved = true;
  });
  const client = new Channel(far, { peer: "client", timeoutMs: 100 });
  const server = new Channel(near, { peer: "server", timeoutMs: 100 });
  const ends = await Promise.allSettled(conversations[talk]({ client, server, kernels }).map((part) => part()));
  near.destroy();
  far.destroy();
  if (!misbehaved) return undefined;
  const outcome = ends.map((end) => outcomeOf(end, way)).find((each) => each !== "through") ?? "through";
  if (outcome === "through" && alwaysEnd.includes(way)) throw new Error(`a session went on after a message ${way}`);
  return { way, outcome };
}

function outcomeOf(end: PromiseSettledResult<void>, way: WayName): Outcome {
  if (end.status === "fulfilled") return "through";
  if (end.reason instanceof ChannelError && /\b(client|server)\b/.test(end.reason.message)) return end.reason.reason;
  throw new Error(`after a message ${way}: ${String(end.reason)}`, { cause: end.reason });
}

const drawn = <T>(from: readonly T[]): T => from[randomInt(from.length)] as T;
