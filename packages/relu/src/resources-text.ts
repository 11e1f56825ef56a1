import type { SlotResources } from "@reluctant/contracts";

/** `40 GB of GPU memory, zone=a, backend torch` */
export const resourcesText = ({ gpuMemory, labels = {}, backend }: SlotResources): string =>
  [
    ...(gpuMemory === undefined ? [] : [`${+(gpuMemory / 1e9).toFixed(1)} GB of GPU memory`]),
    ...Object.entries(labels).map(([name, value]) => `${name}=${value}`),
    ...(backend === undefined ? [] : [`backend ${backend}`]),
  ].join(", ");
