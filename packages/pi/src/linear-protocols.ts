import type { Channel } from "./channel.ts";
import type { ClientCorrelations, ServerCorrelations } from "./correlations.ts";
import type { CostSheet, Phase } from "./costs.ts";
import { dealerLabel, dealtToClient, dealtToServer, enrollWeights } from "./dealer.ts";
import { beginClient, beginServer, correlateClient, correlateServer } from "./he/linear.ts";
import { requireEncryptable } from "./he/noise.ts";
import type { Kernels } from "./kernels.ts";
import type { LinearWeights, PrivateNetwork } from "./network.ts";
import { UnsupportedNetworkError } from "./quantize.ts";

/** A party's session, in which it infers once or more. `dealer` is there where the protocol has one. */
interface Session {
  peer: Channel;
  dealer?: Channel;
  kernels: Kernels;
}

/** Begins an inference. */
type Begin<Correlations> = (costs: CostSheet) => Promise<Correlations>;

interface LinearProtocol {
  /** How measurements with it offline, or online, are labeled, wherever they are shown; null where it cannot be. */
  labels: Record<Phase, string | null>;
  /** Whether a third process deals. */
  dealt: boolean;
  /** @throws UnsupportedNetworkError, NoiseError or PackingError where it cannot carry out the network */
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

/** Homomorphic encryption between the two parties: totals of the phase in which it runs hold what it costs. */
const he: LinearProtocol = {
  labels: {
    offline: "homomorphic encryption: offline linear cost included",
    online: "homomorphic encryption online: linear cost included",
  },
  dealt: false,
  require(network) {
    for (const { op, name } of network.architecture.steps)
      if (op === "square" || op === "quadratic")
        throw new UnsupportedNetworkError(
          `"${name}" computes a polynomial, for which homomorphic encryption has no protocol here: use linear: dealer`,
        );
    requireEncryptable(network);
  },
  client: ({ peer: server, kernels: { polynomials: kernels } }) => {
    return async (costs) => {
      const key = await costs.of("offline", "encryption key", () => beginClient(server, kernels));
      return {
        linear: (step, share) => correlateClient(step, share, { server, key, kernels }),
        quadratic: refuse,
        square: refuse,
      };
    };
  },
  async server({ peer: client, kernels: { polynomials: kernels } }, { weights }) {
    return async (costs) => {
      const publicKey = await costs.of("offline", "encryption key", () => beginServer(client));
      return {
        linear: (step) =>
          correlateServer(step, weights.get(step.name) as LinearWeights, { client, publicKey, kernels }),
        quadratic: refuse,
        square: refuse,
      };
    };
  },
};

/** Of steps that `require` lets no network have. */
const refuse = async (): Promise<never> => {
  throw new UnsupportedNetworkError("homomorphic encryption has no protocol for polynomials here");
};

/** What gives the correlations of linear layers, by name, which both parties must say. */
export const linearProtocols = { dealer, he } as const satisfies Record<string, LinearProtocol>;

export type LinearProtocolName = keyof typeof linearProtocols;
