import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("cheetah", { version: 1, load: () => import("./run.ts") });
