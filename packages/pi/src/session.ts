import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { batched } from "./batch.ts";
import type { Cost } from "./costs.ts";
import { joined, partsOf } from "./images.ts";
import type { Level } from "./kernels.ts";
import { type LinearProtocolName, linearProtocols } from "./linear-protocols.ts";
import type { PrivateNetwork } from "./network.ts";
import { type NetworkProfileName, networkProfiles } from "./network-profile.ts";
import type { PartyResult, PartyTask, Places } from "./party.ts";
import type { PartyReport } from "./party-process.ts";
import { startRelay } from "./relay.ts";
import type { ReluProtocolName } from "./relu-protocols.ts";
import type { RingVector } from "./ring.ts";
import { allOffline, type Schedule } from "./schedule.ts";

/** What private inference found and cost. */
export interface Measurement {
  /** Of each image, in fixed point. */
  logits: RingVector[];
  /** Of each inference, of one batch. */
  client: Cost[][];
  server: Cost[][];
  /** What instructions each used: another level takes another time. */
  levels: { client: Level; server: Level };
  /** Whether its totals have what linear layers cost offline; to be shown beside them. */
  label: string;
}

export interface MeasureOptions {
  network: PrivateNetwork;
  images: readonly RingVector[];
  profile: NetworkProfileName;
  /** Chunks of ReLUs, and bands of a convolution, that each party works on at once, each in a thread. Default: 1, in its own. */
  threads?: number;
  /** How ReLUs are computed. Default: by garbled circuits. */
  relus?: ReluProtocolName;
  /** What gives the correlations of linear layers. Default: a dealer. */
  linear?: LinearProtocolName;
  /** When linear layers and ReLUs are prepared. Default: all offline. */
  schedule?: Schedule;
  /** Images of one inference, of which `images` are a multiple. Default: 1. */
  batch?: number;
  /** Called with how many images were inferred, after each. */
  onInferred?: (images: number) => void;
  /** Ends all processes, and rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Runs private inference between a client and a server in processes of their own, with a dealer in a third where there is one,
 * and measures it. Each process gets what its party may know and nothing else. Ends all, whatever happens.
 * @throws NoiseError or PackingError where linear layers cannot be carried out so, naming one; BatchError
 */
export async function measure(options: MeasureOptions): Promise<Measurement> {
  const { images, onInferred = () => undefined, signal, threads = 1, batch = 1 } = options;
  const { relus = "garbled", linear = "dealer", schedule = allOffline } = options;
  const { labels, dealt, require } = linearProtocols[linear];
  const label = labels[schedule.linear];
  if (label === null) throw new RangeError(`${linear} gives correlations offline alone: linear layers online take he`);
  require(options.network);
  if (images.length % batch !== 0)
    throw new RangeError(`${images.length} images are no whole number of batches of ${batch}`);
  const network = batched(options.network, { images: batch, linear });
  const batches = Array.from({ length: images.length / batch }, (_, i) =>
    joined(images.slice(i * batch, (i + 1) * batch)),
  );
  const profile = networkProfiles[options.profile];
  const folder = await mkdtemp(join(tmpdir(), "reluctant-pi-")); // mode 0700
  const at = (name: string) => join(folder, name);
  const places: Places = { dealerForClient: at("dealer-c"), dealerForServer: at("dealer-s"), server: at("server") };
  const parties: PartyProcess[] = [];
  const start = async (task: PartyTask) => {
    signal?.throwIfAborted();
    const party = new PartyProcess(task, (inferred) => onInferred(inferred * batch));
    parties.push(party);
    await party.listening;
    return party;
  };
  const stop = () => void Promise.all(parties.map((party) => party.stop()));
  signal?.addEventListener("abort", stop);
  const { architecture } = network;
  const shared = { places, threads, relus, linear, schedule };
  let relay: Awaited<ReturnType<typeof startRelay>> | null = null;
  try {
    if (profile) relay = await startRelay({ listen: { path: at("relay") }, target: { path: places.server }, profile });
    const dealer = dealt ? await start({ role: "dealer", places, architecture }) : undefined;
    const server = await start({ role: "server", network, images: batches.length, ...shared });
    const to = relay?.address ?? { path: places.server };
    const client = await start({ role: "client", architecture, images: batches, server: to, ...shared });
    const [ofClient, ofServer] = await Promise.all([client.result, server.result, dealer?.result]);
    const levels = { client: ofClient.level, server: ofServer.level };
    return {
      logits: ofClient.logits.flatMap((logits) => partsOf(logits, batch).map((each) => each.slice())),
      client: ofClient.costs,
      server: ofServer.costs,
      levels,
      label,
    };
  } catch (error) {
    signal?.throwIfAborted(); // which ended the parties
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(parties.map((party) => party.stop()));
    await relay?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Thrown where a party failed; says which, and why. */
export class PartyError extends Error {
  override name = "PartyError";
}

/** A party in a process of its own. */
class PartyProcess {
  readonly listening: Promise<void>;
  readonly result: Promise<PartyResult>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(task: PartyTask, onInferred: (images: number) => void) {
    const program = fileURLToPath(new URL("../dist/party-process.js", import.meta.url));
    this.#child = fork(program, { serialization: "advanced", execArgv: [] });
    const listening = deferred<void>();
    const result = deferred<PartyResult>();
    const fail = (message: string) => {
      listening.reject(new PartyError(message));
      result.reject(new PartyError(message));
    };
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.once("error", () => this.#child.pid === undefined && resolve()); // what never began has no exit
    });
    this.#child.on("error", ({ message }) => fail(`${task.role}: ${message}`));
    this.#child.once("exit", () => fail(`${task.role}: its process ended`));
    this.#child.on("message", (report: PartyReport) => {
      if (report.kind === "listening") listening.resolve();
      else if (report.kind === "inferred") onInferred(report.images);
      else if (report.kind === "finished") result.resolve(report.result);
      else fail(report.message);
    });
    this.listening = listening.promise;
    this.result = result.promise;
    for (const promise of [this.listening, this.result]) promise.catch(() => undefined); // whoever awaits it is told
    if (this.#child.connected) this.#child.send(task);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill();
    await this.#ended;
  }
}

/** A promise and what settles it: `Promise.withResolvers`, which Node 20 lacks. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: Error) => void;
  const promise = new Promise<T>((resolvePromise, rejectPromise) => {
    resolve = resolvePromise;
    reject = rejectPromise;
  });
  return { promise, resolve, reject };
}
