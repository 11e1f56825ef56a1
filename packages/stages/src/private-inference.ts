import type { LinearProtocol, NetworkProfileName, PiCost, PiMachine, ReluProtocol } from "@reluctant/contracts";
import type { Model } from "@reluctant/relu";
import type { Student } from "./masks.ts";

/** A partial-ReLU network and what it is to infer: normalized images in (h, w, c) order. */
export interface PrivateInferenceRequest {
  model: Model;
  network: Student;
  images: readonly Float32Array[];
  /** Training images by which the bounds of its arithmetic are chosen. */
  calibration: readonly Float32Array[];
  protocol: ReluProtocol;
  linear: LinearProtocol;
  /** When linear layers and ReLUs do what needs no image. */
  schedule: Record<"linear" | "relus", "offline" | "online">;
  profile: NetworkProfileName;
  /** Images of one inference, of which there are a multiple. */
  batch: number;
  /** Of each party. */
  threads: number;
  /** Ends all parties. */
  signal: AbortSignal;
  /** Called after each image. */
  onInferred(images: number): void;
}

export interface PrivateInferenceOutcome {
  /** Of each image, [classes]. */
  logits: Float64Array[];
  cost: PiCost;
  machine: PiMachine;
}

/** What infers privately, between processes; the stages know no protocol. `@reluctant/pi` is behind it. */
export interface PrivateInference {
  /** @throws StageFailure `bad-input` that names the layer for which there is no protocol, or that leaves its bounds */
  measure(request: PrivateInferenceRequest): Promise<PrivateInferenceOutcome>;
}
