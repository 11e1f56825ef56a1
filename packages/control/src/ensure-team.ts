import { accept, teamSchema } from "@reluctant/contracts";
import type { Deps } from "./deps.ts";

/** The id of a team, which is made when it is not there. */
export async function ensureTeam({ db }: Pick<Deps, "db">, team: { name: string }): Promise<string> {
  const there = await db.prisma.team.findUnique({ where: { name: team.name } });
  if (there) return there.id; // whatever an earlier version let it be called
  const { name } = accept(teamSchema, team, "team");
  await db.prisma.team.createMany({ data: [{ name }], skipDuplicates: true }); // another may be faster
  const { id } = await db.prisma.team.findUniqueOrThrow({ where: { name } });
  return id;
}
