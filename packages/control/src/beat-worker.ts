import type { Deps } from "./deps.ts";

/** `replaced`: another worker has registered under the name, so this one has to end. */
export type WorkerBeatAnswer = { answer: "go on" } | { answer: "replaced" };

/** Says that a worker lives and what its slot does. One that is gone stays gone. */
export async function beatWorker(
  { db }: Deps,
  { workerId, state }: { workerId: string; state: "idle" | "busy" | "draining" },
): Promise<WorkerBeatAnswer> {
  const beaten = await db.prisma.$executeRaw`
    update worker set state = ${state}, last_beat_at = now() where id = ${workerId}::uuid and state <> 'gone'`;
  return { answer: beaten === 1 ? "go on" : "replaced" };
}
