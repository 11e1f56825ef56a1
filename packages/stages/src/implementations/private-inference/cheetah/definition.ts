import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("cheetah", { version: 2, load: () => import("./run.ts") });
