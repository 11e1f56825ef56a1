import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("gazelle", { version: 1, load: () => import("./run.ts") });
