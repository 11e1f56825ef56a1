import { definitionOf } from "../definition-of.ts";

export const definition = definitionOf("delphi", { version: 2, load: () => import("./run.ts") });
