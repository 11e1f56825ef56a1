import type { Deps } from "./deps.ts";

export type WorkerBeatAnswer =
  | { answer: "go on" }
  /** Take no more work; what runs goes on. */
  | { answer: "drained"; reason: string }
  /** Another worker has registered under the name, so this one has to end. */
  | { answer: "replaced" };

/** Says that a worker lives and what its slot does. One that is gone stays gone. */
export async function beatWorker(
  { db }: Deps,
  { workerId, state }: { workerId: string; state: "idle" | "busy" | "draining" },
): Promise<WorkerBeatAnswer> {
  const [beaten] = await db.prisma.$queryRaw<{ drained: string | null }[]>`
    update worker set state = ${state}, last_beat_at = now() where id = ${workerId}::uuid and state <> 'gone'
    returning drained_reason as drained`;
  if (!beaten) return { answer: "replaced" };
  return beaten.drained === null ? { answer: "go on" } : { answer: "drained", reason: beaten.drained };
}
