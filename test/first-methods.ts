/** The methods that there were when plans, stage keys and a whole stack were first kept: what is kept holds for these, in this order. */
export const firstMethods = [
  "senet",
  "senet++",
  "uniform-random",
  "continuation",
  "deepreduce",
  "layerwise-removal",
  "snl",
  "snl-exact",
  "autorep",
  "delphi-planner",
];
