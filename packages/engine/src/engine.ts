import type { EngineInfo } from "@reluctant/contracts";
import { type Engine, requireWeights } from "@reluctant/stages";
import { type BackendOptions, openBackend } from "./backends.ts";
import { NarrowNetwork } from "./narrow-network.ts";
import { TfNetwork } from "./network.ts";
import { TfTrainer } from "./trainer.ts";

/**
 * An engine on TensorFlow.js. One a process: TensorFlow.js has one current backend.
 * @throws BackendUnavailableError when the backend asked for cannot run here; the message says what to install
 */
export async function createEngine(options: BackendOptions): Promise<Engine> {
  return new TfEngine(await openBackend(options));
}

class TfEngine implements Engine {
  readonly info: EngineInfo;
  private readonly made = new Set<TfNetwork | TfTrainer>();

  constructor(info: EngineInfo) {
    this.info = info;
  }

  network: Engine["network"] = ({ model, weights, normalization }) =>
    this.track(new TfNetwork({ model, weights: requireWeights(weights, model), normalization }));

  narrowed: Engine["narrowed"] = (network, model) => this.track(new NarrowNetwork(asTfNetwork(network), model));

  trainer: Engine["trainer"] = ({ student, teacher, narrower = [], ...options }) =>
    this.track(
      new TfTrainer({
        ...options,
        student: asTfNetwork(student),
        teacher: teacher && asTfNetwork(teacher),
        narrower: narrower.map(({ network, objective }) => ({ network: asTfNetwork(network), objective })),
      }),
    );

  release(): void {
    for (const owned of this.made) owned.dispose();
    this.made.clear();
  }

  private track<T extends TfNetwork | TfTrainer>(made: T): T {
    this.made.add(made);
    return made;
  }
}

function asTfNetwork(network: unknown): TfNetwork {
  if (!(network instanceof TfNetwork)) throw new Error("the network belongs to another engine");
  return network;
}
