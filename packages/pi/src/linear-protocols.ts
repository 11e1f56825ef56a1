import { startReceiver, startSender } from "./base-exchange.ts";
import type { Channel } from "./channel.ts";
import { gather } from "./chunks.ts";
import type { ClientCorrelations, ServerCorrelations } from "./correlations.ts";
import type { CostSheet, Phase } from "./costs.ts";
import { dealerLabel, dealtToClient, dealtToServer, enrollWeights } from "./dealer.ts";
import { beginClient, beginServer, correlateClient, correlateServer } from "./he/linear.ts";
import { requireEncryptable } from "./he/noise.ts";
import { asFilters, asImage, asLinear } from "./he/quadratic.ts";
import type { Kernels } from "./kernels.ts";
import type { Ledger } from "./ledger.ts";
import type { LinearWeights, PrivateNetwork, Step, StepOf } from "./network.ts";
import type { RandomReceiver, RandomSender } from "./random-transfers.ts";
import { prepareSquareClient, prepareSquareServer } from "./square.ts";
import { pairsByTransfersAtClient, pairsByTransfersAtServer } from "./square-transfers.ts";

/** A party's session, in which it infers once or more. `dealer` is there where the protocol has one. */
interface Session {
  peer: Channel;
  dealer?: Channel;
  kernels: Kernels;
  ledger: Ledger;
}

/** Begins an inference. */
type Begin<Correlations> = (costs: CostSheet) => Promise<Correlations>;

interface LinearProtocol {
  /** How measurements with it offline, or online, are labeled, wherever they are shown; null where it cannot be. */
  labels: Record<Phase, string | null>;
  /** Whether a third process deals. */
  dealt: boolean;
  /** @throws NoiseError or PackingError where it cannot carry out the network */
  require(network: PrivateNetwork): void;
  client(session: Session): Begin<ClientCorrelations>;
  server(session: Session, network: PrivateNetwork): Promise<Begin<ServerCorrelations>>;
}

const dealer: LinearProtocol = {
  labels: { offline: dealerLabel, online: null },
  dealt: true,
  require: () => undefined,
  client: ({ peer, dealer }) => {
    const correlations = dealtToClient({ server: peer, dealer: dealer as Channel });
    return async () => correlations;
  },
  async server({ peer, dealer }, network) {
    const channels = { client: peer, dealer: dealer as Channel };
    await enrollWeights(network, channels.dealer);
    return async () => dealtToServer(channels);
  },
};

/**
 * Homomorphic encryption between the two parties, and transfers for squares: totals of the phase in which they run hold what they
 * cost.
 */
const he: LinearProtocol = {
  labels: {
    offline: "homomorphic encryption: offline linear cost included",
    online: "homomorphic encryption online: linear cost included",
  },
  dealt: false,
  require: requireEncryptable,
  client: ({ peer: server, kernels }) => {
    const { polynomials } = kernels;
    return async (costs) => {
      const key = await costs.of("offline", "encryption key", () => beginClient(server, polynomials));
      const linear: ClientCorrelations["linear"] = (step, share) =>
        correlateClient(step, share, { server, key, kernels: polynomials });
      let transfers: Promise<RandomReceiver> | undefined; // which only squares take
      return {
        linear,
        quadratic: async (step, given) => gather(await linear(asLinear(step), asImage(step, given)), step.units),
        async square(at, share) {
          transfers ??= startReceiver(server).then((seeds) => kernels.randomReceiver(seeds));
          const pairs = await pairsByTransfersAtClient({ ...at, peer: server }, await transfers);
          return prepareSquareClient(at, { share, server, pairs });
        },
      };
    };
  },
  async server({ peer: client, kernels, ledger }, { weights }) {
    const { polynomials } = kernels;
    return async (costs) => {
      const publicKey = await costs.of("offline", "encryption key", () => beginServer(client));
      const filtersOf = ({ name }: Step) => (weights.get(name) as LinearWeights).filters;
      const correlate = (step: StepOf<"linear">, filters: Int32Array) =>
        correlateServer(step, filters, { client, publicKey, kernels: polynomials });
      let transfers: Promise<RandomSender> | undefined;
      return {
        linear: (step) => correlate(step, filtersOf(step)),
        quadratic: async (step) =>
          gather(await correlate(asLinear(step), asFilters(step, filtersOf(step))), step.units),
        async square(at) {
          transfers ??= startSender(client, ledger).then(({ delta, seeds }) => kernels.randomSender(delta, seeds));
          const pairs = await pairsByTransfersAtServer({ ...at, peer: client }, await transfers);
          return prepareSquareServer(at, { client, pairs });
        },
      };
    };
  },
};

/** What gives the correlations of linear layers, by name, which both parties must say. */
export const linearProtocols = { dealer, he } as const satisfies Record<string, LinearProtocol>;

export type LinearProtocolName = keyof typeof linearProtocols;
