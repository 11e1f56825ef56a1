import { statement } from "../statement.ts";

export const useLoginLink = statement<
  [linkHash: string, sessionHash: string, sessionSeconds: number],
  { expiresAt: Date }
>("use-login-link");
