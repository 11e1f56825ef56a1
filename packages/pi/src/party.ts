import type { NetConnectOpts } from "node:net";
import type { Channel } from "./channel.ts";
import { chooseKernels } from "./choose-kernels.ts";
import { inferOnClient, prepareClient } from "./client.ts";
import { acceptOne, connect } from "./connect.ts";
import { type Cost, CostSheet } from "./costs.ts";
import { deal } from "./dealer.ts";
import { greet } from "./hello.ts";
import type { Level } from "./kernels.ts";
import { Ledger } from "./ledger.ts";
import { type LinearProtocolName, linearProtocols } from "./linear-protocols.ts";
import type { Architecture, PrivateNetwork } from "./network.ts";
import type { ReluProtocolName } from "./relu-protocols.ts";
import type { RingVector } from "./ring.ts";
import type { Schedule } from "./schedule.ts";
import { inferOnServer, prepareServer } from "./server.ts";

/**
 * How long for a message between the dealer and a party, which is silent while the others prepare ReLUs and infer. Those two
 * hear of each other's end within a minute, and the dealer of theirs as they go.
 */
const dealerPatience = { messageTimeoutMs: 24 * 3_600_000 };

/** Where each party listens: unix sockets in a folder that only their user may open. */
export interface Places {
  dealerForClient: string;
  dealerForServer: string;
  server: string;
}

/** What a party's process is told: all that it may know. */
export type PartyTask =
  | { role: "dealer"; places: Places; architecture: Architecture }
  | {
      role: "server";
      places: Places;
      network: PrivateNetwork;
      images: number;
      threads: number;
      relus: ReluProtocolName;
      linear: LinearProtocolName;
      schedule: Schedule;
    }
  /** `server` is where the client finds the server: a relay, where there is one. */
  | {
      role: "client";
      places: Places;
      architecture: Architecture;
      images: RingVector[];
      server: NetConnectOpts;
      threads: number;
      relus: ReluProtocolName;
      linear: LinearProtocolName;
      schedule: Schedule;
    };

/** What one party found: costs of each image, and at the client the logits. */
export interface PartyResult {
  /** What its kernels used. */
  level: Level;
  costs: Cost[][];
  logits: RingVector[];
}

/** What a party tells on its way. */
export interface PartyProgress {
  /** It can be connected to. */
  onListening(): void;
  /** The client has the logits of this many images. */
  onInferred(images: number): void;
}

/** Carries out a party's part. */
export function runParty(task: PartyTask, progress: PartyProgress): Promise<PartyResult> {
  const { onListening } = progress;
  if (task.role === "dealer") return runDealer(task, onListening);
  return task.role === "server" ? runServer(task, onListening) : runClient(task, progress);
}

type TaskOf<Role extends PartyTask["role"]> = Extract<PartyTask, { role: Role }>;

async function runDealer({ places, architecture }: TaskOf<"dealer">, onListening: () => void): Promise<PartyResult> {
  let waiting = 2;
  const listening = () => {
    if (--waiting === 0) onListening();
  };
  const [client, server] = await Promise.all([
    acceptOne({ path: places.dealerForClient }, { peer: "client", ...dealerPatience, onListening: listening }),
    acceptOne({ path: places.dealerForServer }, { peer: "server", ...dealerPatience, onListening: listening }),
  ]);
  const kernels = chooseKernels();
  await deal(architecture, { client, server, kernels });
  await Promise.all([client.close(), server.close()]);
  return { level: kernels.level, costs: [], logits: [] };
}

async function runServer(task: TaskOf<"server">, onListening: () => void): Promise<PartyResult> {
  const { places, network, images, threads, relus, linear, schedule } = task;
  const dealer = await connectDealer(linear, places.dealerForServer);
  const client = await acceptOne({ path: places.server }, { peer: "client", onListening });
  await greet(client, { architecture: network.architecture, relus, linear, schedule });
  const ledger = new Ledger();
  const sheets = Array.from({ length: images }, () => new CostSheet(client));
  const kernels = chooseKernels({ threads });
  const correlations = await linearProtocols[linear].server({ peer: client, dealer, kernels, ledger }, network);
  const context = { network, relus, schedule, client, correlations, ledger, kernels };
  for (const costs of sheets) {
    const prepared = await prepareServer({ ...context, costs });
    await inferOnServer(prepared, { ...context, costs });
  }
  await Promise.all([client.close(), dealer?.close(), kernels.close()]);
  return { level: kernels.level, costs: sheets.map(({ costs }) => costs), logits: [] };
}

async function runClient(task: TaskOf<"client">, { onListening, onInferred }: PartyProgress): Promise<PartyResult> {
  const { architecture, relus, linear, schedule } = task;
  const dealer = await connectDealer(linear, task.places.dealerForClient);
  const server = await connect(task.server, { peer: "server" });
  onListening();
  await greet(server, task);
  const kernels = chooseKernels(task);
  const ledger = new Ledger();
  const correlations = linearProtocols[linear].client({ peer: server, dealer, kernels, ledger });
  const shared = { architecture, relus, schedule, server, correlations, ledger, kernels };
  const sheets = task.images.map(() => new CostSheet(server));
  const logits: RingVector[] = [];
  for (const [i, image] of task.images.entries()) {
    const context = { ...shared, costs: sheets[i] as CostSheet };
    logits.push(await inferOnClient(await prepareClient(context), image, context));
    onInferred(logits.length);
  }
  await Promise.all([server.close(), dealer?.close(), kernels.close()]);
  return { level: kernels.level, costs: sheets.map(({ costs }) => costs), logits };
}

/** To the dealer, where there is one. */
const connectDealer = async (linear: LinearProtocolName, path: string): Promise<Channel | undefined> =>
  linearProtocols[linear].dealt ? connect({ path }, { peer: "dealer", ...dealerPatience }) : undefined;
