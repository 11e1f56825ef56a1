import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("gazelle", { version: 2, load: () => import("./run.ts") });
