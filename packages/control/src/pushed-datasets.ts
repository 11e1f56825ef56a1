/**
 * Locked while a data set is pushed, and shared while a worker registers or tells what it has: none misses the other, and a
 * fleet that starts does not register one by one.
 */
export const pushedDatasets = "pushed data sets";
