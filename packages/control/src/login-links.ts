import { accept, ReluctantError, tokenRequestSchema } from "@reluctant/contracts";
import { sql } from "@reluctant/db";
import type { NewCredential } from "./create-token.ts";
import type { Deps } from "./deps.ts";
import { ensureTeam } from "./ensure-team.ts";
import { newSecret, secretHash } from "./secrets.ts";

const linkSeconds = 5 * 60;
const sessionSeconds = 7 * 24 * 3_600;

/** Makes a link's secret that one browser may exchange for a session, once, within 5 minutes. */
export async function createLoginLink(
  deps: Pick<Deps, "db">,
  { team, ...credential }: NewCredential,
): Promise<{ link: string }> {
  const { name, role } = accept(tokenRequestSchema, credential, "login link");
  const teamId = await ensureTeam(deps, { name: team });
  const link = newSecret();
  await deps.db.run(sql.insertLoginLink, { teamId, name, role, hash: secretHash(link), seconds: linkSeconds });
  return { link };
}

/** Exchanges a link for a session's secret. Throws `link-expired` when it was used, is too old, or never was. */
export async function exchangeLoginLink(
  { db }: Deps,
  { link }: { link: string },
): Promise<{ session: string; expiresAt: string }> {
  const session = newSecret();
  const hashes = { linkHash: secretHash(link), sessionHash: secretHash(session) };
  const opened = await db.maybe(sql.useLoginLink, { ...hashes, sessionSeconds });
  if (!opened) throw new ReluctantError("link-expired", "this login link was used or has expired: ask for a new one");
  return { session, expiresAt: opened.expiresAt.toISOString() };
}

export async function endSession({ db }: Deps, { sessionId }: { sessionId: string }): Promise<void> {
  await db.run(sql.endSession, { sessionId });
}
