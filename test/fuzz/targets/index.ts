import { catalog } from "@reluctant/relu";
import type { Target } from "../target.ts";
import { datasets } from "./datasets.ts";
import { models } from "./models.ts";

/** All that is fuzzed, by what it is of. */
export const targets = catalog<Record<string, readonly Target[]>>({ datasets, models });
