import { startReceiver, startSender } from "./base-exchange.ts";
import type { Channel } from "./channel.ts";
import { inferGmwClient, prepareGmwClient } from "./gmw-client.ts";
import type { Transfers } from "./gmw-preparation.ts";
import { inferGmwServer, prepareGmwServer } from "./gmw-server.ts";
import type { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import type { StepOf } from "./network.ts";
import { evaluateLayer, prepareEvaluator } from "./relu-client.ts";
import { offerLayer, prepareGarbler } from "./relu-server.ts";
import type { RingVector } from "./ring.ts";

/** A ReLU layer and its place in the network. */
interface At {
  step: StepOf<"relu">;
  layer: number;
}

/** ReLUs at the client, for one inference. */
export interface ClientRelus {
  /** Offline, layer by layer: from its share of the input the client's share of the output, and what it does online. */
  prepare(at: At & { share: RingVector }): Promise<{ share: RingVector; online: () => Promise<void> }>;
}

/** ReLUs at the server, for one inference. */
export interface ServerRelus {
  /** Offline, layer by layer: what gives online, from its share of the input, its share of the output. */
  prepare(at: At): Promise<(share: RingVector) => Promise<RingVector>>;
}

interface Context {
  peer: Channel;
  inference: Inference;
  kernels: Kernels;
  ledger: Ledger;
}

/** Begins with base transfers. */
interface ReluProtocol {
  client(context: Context): Promise<ClientRelus>;
  server(context: Context): Promise<ServerRelus>;
}

/** Yao's garbled circuits: one round a layer, some kilobytes a unit. */
const garbled: ReluProtocol = {
  async client({ peer: server, inference, kernels }) {
    const transfers = await startReceiver(server, kernels);
    return {
      async prepare(at) {
        const { threads } = kernels;
        const { evaluator, share } = await prepareEvaluator({ ...at, inference, server, transfers, threads });
        return { share, online: () => evaluateLayer(evaluator, { inference, server, kernels }) };
      },
    };
  },
  async server({ peer: client, inference, kernels, ledger }) {
    const { sender: transfers, delta } = await startSender(client, { kernels, ledger });
    return {
      async prepare(at) {
        const garbler = await prepareGarbler({ ...at, inference, client, transfers, delta, kernels });
        return (share) => offerLayer(garbler, share, { inference, client, delta, kernels });
      },
    };
  },
};

/** GMW on bit triples: a hundred bytes a unit online, and rounds by the logarithm of the bits. */
const gmw: ReluProtocol = {
  async client({ peer, inference, kernels, ledger }) {
    const receiver = await startReceiver(peer, kernels);
    const ofSender = await startSender(peer, { kernels, ledger });
    const transfers: Transfers = { peer, role: "client", kernels, receiver, ...ofSender };
    return {
      async prepare(at) {
        const { prepared, share } = await prepareGmwClient({ ...at, inference, transfers });
        return { share, online: () => inferGmwClient(prepared, { inference, transfers }) };
      },
    };
  },
  async server({ peer, inference, kernels, ledger }) {
    const ofSender = await startSender(peer, { kernels, ledger });
    const receiver = await startReceiver(peer, kernels);
    const transfers: Transfers = { peer, role: "server", kernels, receiver, ...ofSender };
    return {
      async prepare(at) {
        const prepared = await prepareGmwServer({ ...at, inference, transfers });
        return (share) => inferGmwServer(prepared, share, { inference, transfers });
      },
    };
  },
};

/** By name, which both parties must say. */
export const reluProtocols = { garbled, gmw } as const satisfies Record<string, ReluProtocol>;

export type ReluProtocolName = keyof typeof reluProtocols;
