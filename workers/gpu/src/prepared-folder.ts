import { join } from "node:path";

/** Where prepared data sets lie in the cache: the supervisor prepares, the child opens by version. */
export const preparedFolder = (cacheDir: string): string => join(cacheDir, "datasets");
