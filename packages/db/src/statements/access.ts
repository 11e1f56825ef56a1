import type { Role } from "@reluctant/contracts";
import { boolean, float, text, timestamp, uuid, word } from "../postgres-types.ts";
import { statement } from "../statement.ts";

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
