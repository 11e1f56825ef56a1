import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("minionn", { version: 1, load: () => import("./run.ts") });
