import { type Identity, identitySchema, type Role, tokenSchema } from "@reluctant/contracts";
import type { Abortable, Http } from "../http.ts";

export const sessionRoutes = (http: Http) => ({
  /** Exchanges a one-time login link for the browser's session cookie. */
  open: async (link: string): Promise<void> => {
    await http.send("/session", { method: "POST", json: { link } });
  },
  /** Who the token or session stands for. */
  identity: ({ signal }: Abortable = {}): Promise<Identity> => http.get(identitySchema, "/session", { signal }),
  close: async (): Promise<void> => {
    await http.send("/session", { method: "DELETE" });
  },
});

export const tokenRoutes = (http: Http) => ({
  /** Makes a bearer token, shown this once. Admins only. */
  create: async (token: { name: string; role: Role }): Promise<string> =>
    (await http.post(tokenSchema, "/tokens", { json: token })).token,
});
