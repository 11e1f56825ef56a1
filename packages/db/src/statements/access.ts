import type { Role } from "@reluctant/contracts";
import { boolean, float, json, text, timestamp, uuid, word } from "../postgres-types.ts";
import { statement } from "../statement.ts";

/** Of the credential, and of whoever holds it. */
const caller = { id: text, name: text, role: word<Role>(), teamId: text, team: text };
export const callerOfToken = statement("caller-of-token", { takes: { hash: text }, gives: caller });
export const callerOfSession = statement("caller-of-session", { takes: { hash: text }, gives: caller });
export const endSession = statement("end-session", { takes: { sessionId: uuid } });
export const insertApiToken = statement("insert-api-token", {
  takes: { teamId: uuid, name: text, role: word<Role>(), hash: text },
  gives: { id: text },
});
export const insertAuditEvent = statement("insert-audit-event", {
  takes: { teamId: uuid, actor: text, action: text, subject: text, detail: json<object>() },
});
export const insertLoginLink = statement("insert-login-link", {
  takes: { teamId: uuid, name: text, role: word<Role>(), hash: text, seconds: float },
});
export const useLoginLink = statement("use-login-link", {
  takes: { linkHash: text, sessionHash: text, sessionSeconds: float },
  gives: { expiresAt: timestamp },
});
export const mayReadArtifact = statement("may-read-artifact", {
  takes: { sha256: text, teamId: uuid },
  gives: { readable: boolean },
});
