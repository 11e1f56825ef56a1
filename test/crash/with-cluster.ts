import { type Cluster, startCluster } from "../cluster.ts";

/** Starts a cluster of real workers, uses it, and leaves nothing behind. */
export async function withCluster<T>(
  options: Parameters<typeof startCluster>[0],
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await startCluster(options);
  try {
    return await use(cluster);
  } finally {
    await cluster.stop();
  }
}
