import type { ShareChange, TeamShare } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import { shareHalfLifeSeconds as halfLifeSeconds } from "@reluctant/relu";
import { found, requireRole, visibleTeam } from "./authorize.ts";
import { commit } from "./commit.ts";
import type { Caller, Deps } from "./deps.ts";

/** The shares of teams: an admin sees all, others their own team's. */
export const listTeamShares = ({ db }: Pick<Deps, "db">, { identity }: { identity: Caller }): Promise<TeamShare[]> =>
  db.many(sql.teamShares, { teamId: visibleTeam(identity), halfLifeSeconds });

/** Gives a team another weight or quota: from the next dispatch on. */
export function changeTeamShare(
  deps: Deps,
  { identity, name, change: { weight, quota, hard } }: { identity: Caller; name: string; change: ShareChange },
): Promise<TeamShare> {
  requireRole(identity, "admin");
  return commit(deps, async (t) => {
    const changed = await t.maybe(sql.changeShare, {
      name,
      weight: weight ?? null,
      hard: hard ?? null,
      changesQuota: quota !== undefined,
      quota: quota ?? null,
    });
    const { id: teamId } = found(changed, "team", name);
    const { teamId: own, name: actor } = identity;
    const detail = { name, weight, quota, hard };
    await t.run(sql.insertAuditEvent, { teamId: own, actor, action: "team.share", subject: teamId, detail });
    t.concerned.add("dispatch");
    return t.one(sql.teamShares, { teamId, halfLifeSeconds });
  });
}
