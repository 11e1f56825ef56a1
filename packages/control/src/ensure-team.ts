import type { Deps } from "./deps.ts";

/** The id of a team, which is made when it is not there. */
export async function ensureTeam({ db }: Deps, { name }: { name: string }): Promise<string> {
  const team = await db.prisma.team.findUnique({ where: { name } });
  if (team) return team.id;
  await db.prisma.team.createMany({ data: [{ name }], skipDuplicates: true }); // another may be faster
  const { id } = await db.prisma.team.findUniqueOrThrow({ where: { name } });
  return id;
}
