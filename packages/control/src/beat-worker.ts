import type { Deps } from "./deps.ts";

/** Says that a worker lives and what its slot does. One that is gone stays gone: it registers anew. */
export async function beatWorker(
  { db }: Deps,
  { workerId, state }: { workerId: string; state: "idle" | "busy" | "draining" },
): Promise<void> {
  await db.prisma.$executeRaw`
    update worker set state = ${state}, last_beat_at = now() where id = ${workerId}::uuid and state <> 'gone'`;
}
