import { sql } from "@reluctant/db";
import type { Caller, Deps } from "./deps.ts";
import { secretHash } from "./secrets.ts";

export type Authenticated = Caller & { tokenId?: string; sessionId?: string };

/** Who a bearer token or a session's cookie belongs to; null when it is unknown, revoked or ended. */
export async function authenticate(
  { db }: Pick<Deps, "db">,
  credential: { bearer: string } | { session: string },
): Promise<Authenticated | null> {
  if ("bearer" in credential) {
    const token = await db.maybe(sql.callerOfToken, { hash: secretHash(credential.bearer) });
    return token && { ...callerOf(token), tokenId: token.id };
  }
  const session = await db.maybe(sql.callerOfSession, { hash: secretHash(credential.session) });
  return session && { ...callerOf(session), sessionId: session.id };
}

const callerOf = ({ id, ...caller }: Caller & { id: string }): Caller => caller;
