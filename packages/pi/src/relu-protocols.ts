import { startReceiver, startSender } from "./base-exchange.ts";
import type { Channel } from "./channel.ts";
import { inferGmwClient, prepareGmwClient } from "./gmw-client.ts";
import type { Transfers } from "./gmw-preparation.ts";
import { inferGmwServer, prepareGmwServer } from "./gmw-server.ts";
import type { Inference } from "./inference.ts";
import type { Kernels } from "./kernels.ts";
import { answerLate, chooseLate } from "./late-choices.ts";
import type { Ledger } from "./ledger.ts";
import type { StepOf } from "./network.ts";
import { evaluateLayer, prepareEvaluator } from "./relu-client.ts";
import { offerLayer, prepareGarbler } from "./relu-server.ts";
import type { RingVector } from "./ring.ts";
import type { Choices } from "./schedule.ts";

/** A ReLU layer and its place in the network. */
interface At {
  step: StepOf<"relu">;
  layer: number;
}

/** ReLUs at the client, for one inference. */
export interface ClientRelus {
  /**
   * Layer by layer: what it does online, with its share of the input. `mask` is its share of the kept units' output; `chosen` its
   * share of the input, or a random vector in its place where choices are random.
   */
  prepare(at: At & { chosen: RingVector; mask: RingVector }): Promise<(share: RingVector) => Promise<void>>;
}

/** ReLUs at the server, for one inference. */
export interface ServerRelus {
  /** Layer by layer: what gives online, from its share of the input, its share of the output. */
  prepare(at: At): Promise<(share: RingVector) => Promise<RingVector>>;
}

interface Context {
  peer: Channel;
  inference: Inference;
  choices: Choices;
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
  async client({ peer: server, inference, choices, kernels }) {
    const transfers = kernels.receiver(await startReceiver(server));
    return {
      async prepare({ chosen, ...at }) {
        const { threads } = kernels;
        const evaluator = await prepareEvaluator({ ...at, chosen, server, transfers, threads });
        return async (share) => {
          if (choices === "random") await chooseLate({ ...at, inference }, evaluator.chunks, { chosen, share, server });
          await evaluateLayer(evaluator, { inference, server, kernels });
        };
      },
    };
  },
  async server({ peer: client, inference, choices, kernels, ledger }) {
    const { delta, seeds } = await startSender(client, ledger);
    const transfers = kernels.sender(delta, seeds);
    return {
      async prepare(at) {
        const garbler = await prepareGarbler({ ...at, inference, choices, client, transfers, delta, kernels });
        return async (share) => {
          if (choices === "random") await answerLate({ ...at, inference }, garbler.chunks, { client, delta, kernels });
          return offerLayer(garbler, share, { inference, client, delta, kernels });
        };
      },
    };
  },
};

/** GMW on bit triples: a hundred bytes a unit online, and rounds by the logarithm of the bits. */
const gmw: ReluProtocol = {
  async client({ peer, inference, choices, kernels, ledger }) {
    const receiver = kernels.randomReceiver(await startReceiver(peer));
    const { delta, seeds } = await startSender(peer, ledger);
    const sender = kernels.randomSender(delta, seeds);
    const transfers: Transfers = { peer, role: "client", sender, receiver, threads: kernels.threads };
    return {
      async prepare(at) {
        const prepared = await prepareGmwClient({ ...at, inference, transfers });
        return (share) => inferGmwClient(prepared, share, { inference, choices, transfers });
      },
    };
  },
  async server({ peer, inference, choices, kernels, ledger }) {
    const { delta, seeds } = await startSender(peer, ledger);
    const sender = kernels.randomSender(delta, seeds);
    const receiver = kernels.randomReceiver(await startReceiver(peer));
    const transfers: Transfers = { peer, role: "server", sender, receiver, threads: kernels.threads };
    return {
      async prepare(at) {
        const prepared = await prepareGmwServer({ ...at, inference, transfers });
        return (share) => inferGmwServer(prepared, share, { inference, choices, transfers });
      },
    };
  },
};

/** By name, which both parties must say. */
export const reluProtocols = { garbled, gmw } as const satisfies Record<string, ReluProtocol>;

export type ReluProtocolName = keyof typeof reluProtocols;
