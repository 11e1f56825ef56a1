import type { ContextOf, StageOutput } from "../../../context.ts";
import { measureBy } from "../measure.ts";

export const run = (context: ContextOf<"private-inference">): Promise<StageOutput> => measureBy("delphi", context);
