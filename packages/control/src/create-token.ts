import { accept, type Role, tokenRequestSchema } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";
import { ensureTeam } from "./ensure-team.ts";
import { newSecret, secretHash } from "./secrets.ts";

export interface NewCredential {
  team: string;
  /** Who or what will use it: shown as the owner of what it submits. */
  name: string;
  role: Role;
}

/**
 * Makes a bearer token `rlt_…`. It is told now and never again: only its hash is kept.
 * @param actor the admin who makes it, as the audit says; absent where whoever runs the installation does
 */
export async function createToken(
  deps: Pick<Deps, "db">,
  { team, actor, ...credential }: NewCredential & { actor?: Caller },
): Promise<{ token: string }> {
  const { name, role } = accept(tokenRequestSchema, credential, "token");
  const teamId = await ensureTeam(deps, { name: team });
  const token = `rlt_${newSecret()}`;
  await deps.db.tx(async (t) => {
    const { id } = await t.one(sql.insertApiToken, { teamId, name, role, hash: secretHash(token) });
    await t.run(sql.insertAuditEvent, {
      teamId,
      actor: actor?.name ?? "installation",
      action: "token.create",
      subject: id,
      detail: { name, role },
    });
  });
  return { token };
}
