import type { Role } from "@reluctant/contracts";
import type { Caller, Deps } from "./deps.ts";
import { secretHash } from "./secrets.ts";

export type Authenticated = Caller & { tokenId?: string; sessionId?: string };

/** Who a bearer token or a session's cookie belongs to; null when it is unknown, revoked or ended. */
export async function authenticate(
  { db }: Pick<Deps, "db">,
  credential: { bearer: string } | { session: string },
): Promise<Authenticated | null> {
  if ("bearer" in credential) {
    const token = await db.prisma.apiToken.findUnique({
      where: { hash: secretHash(credential.bearer) },
      include: { team: true },
    });
    return token && token.revokedAt === null ? { ...callerOf(token), tokenId: token.id } : null;
  }
  const session = await db.prisma.session.findUnique({
    where: { hash: secretHash(credential.session) },
    include: { team: true },
  });
  return session && session.expiresAt > new Date() ? { ...callerOf(session), sessionId: session.id } : null;
}

const callerOf = ({
  team,
  name,
  role,
}: {
  team: { id: string; name: string };
  name: string;
  role: string;
}): Caller => ({
  team: team.name,
  teamId: team.id,
  name,
  role: role as Role, // a CHECK keeps the column to these words
});
