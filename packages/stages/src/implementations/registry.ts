/** Every implementation that there is: a line for each. */

export { definition as importedStudent } from "./distillation/imported/definition.ts";
export { definition as pram } from "./distillation/pram/definition.ts";
export { definition as senetPlusPlus } from "./distillation/senet-plus-plus/definition.ts";
export { definition as autorep } from "./mask-search/autorep/definition.ts";
export { definition as continuation } from "./mask-search/continuation/definition.ts";
export { definition as deepreduce } from "./mask-search/deepreduce/definition.ts";
export { definition as delphiPlanner } from "./mask-search/delphi-planner/definition.ts";
export { definition as layerwiseRemoval } from "./mask-search/layerwise-removal/definition.ts";
export { definition as magnitude } from "./mask-search/magnitude/definition.ts";
export { definition as senet } from "./mask-search/senet/definition.ts";
export { definition as snl } from "./mask-search/snl/definition.ts";
export { definition as cheetah } from "./private-inference/cheetah/definition.ts";
export { definition as delphi } from "./private-inference/delphi/definition.ts";
export { definition as gazelle } from "./private-inference/gazelle/definition.ts";
export { definition as minionn } from "./private-inference/minionn/definition.ts";
export { definition as sparseMomentum } from "./sensitivity/sparse-momentum/definition.ts";
export { definition as importedModel } from "./train/imported/definition.ts";
export { definition as trainSgd } from "./train/sgd/definition.ts";
