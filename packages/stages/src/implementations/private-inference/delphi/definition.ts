import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("delphi", { version: 1, load: () => import("./run.ts") });
