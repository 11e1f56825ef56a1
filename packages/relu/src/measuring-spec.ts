import type { ExperimentSpecInput, PiSpec } from "@reluctant/contracts";
import type { Registry } from "./definition.ts";
import { stagesOf } from "./resolve.ts";

type Budgets = NonNullable<ExperimentSpecInput["budgets"]>;

/** Which of a spec's networks are measured: of each that is named these, and all unless it is. */
export interface MeasuredPart {
  methods?: readonly string[] | undefined;
  budgets?: Budgets | undefined;
  seeds?: readonly number[] | undefined;
}

const suffix = " private inference";

/**
 * The spec that asks for nothing of another but the measurement of some of its networks: what they came of has their stage keys, and
 * so is in the store.
 */
export function measuringSpec(
  spec: ExperimentSpecInput,
  { methods = listOf(spec.methods), budgets, seeds }: MeasuredPart,
  pi: Partial<Omit<PiSpec, "budgets">>,
  registry: Registry,
): ExperimentSpecInput {
  const descends = methods.some((name) => {
    const method = registry.methods[name];
    return method && stagesOf(method, registry).some((stage) => stage.descends);
  });
  return {
    ...spec,
    name: spec.name.endsWith(suffix) ? spec.name : `${spec.name}${suffix}`.slice(0, 100),
    ...(methods.length > 0 && { methods: [...methods] }),
    ...(seeds && { seeds: [...seeds] }),
    // A descent's masks depend on all of its budgets.
    ...(budgets && !descends && { budgets }),
    pi: { ...(budgets && { budgets }), ...pi },
  };
}

const listOf = <T>(given: T | readonly T[] | undefined): readonly T[] =>
  given === undefined ? [] : Array.isArray(given) ? given : [given as T];
