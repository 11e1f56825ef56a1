/** Held while a data set is pushed, and while a worker registers or tells what it has: none misses the other. */
export const pushedDatasets = "pushed data sets";
