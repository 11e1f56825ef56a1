import { type FoundPoint, idPrefixSchema, ReluctantError } from "@reluctant/contracts";
import type { Client } from "@reluctant/sdk";

/**
 * The frontier point given by id, or by its first digits as `frontier` prints them; null where there is none.
 * @throws ReluctantError where several begin so
 */
export async function findPoint(client: Client, given: string): Promise<FoundPoint | null> {
  if (!idPrefixSchema.safeParse(given).success) return null;
  const [first, ...others] = await client.points.find(given);
  if (others.length === 0) return first ?? null;
  const ids = [first, ...others].map((point) => point?.id).join(", ");
  throw new ReluctantError(
    "invalid-request",
    `${given} begins the ids of several frontier points; give more digits of one of ${ids}`,
  );
}
