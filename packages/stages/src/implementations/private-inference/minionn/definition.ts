import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("minionn", { version: 2, load: () => import("./run.ts") });
