import {
  type Identity,
  identitySchema,
  type Role,
  type ShareChange,
  type TeamShare,
  teamShareListSchema,
  teamShareSchema,
  tokenSchema,
} from "@reluctant/contracts";
import { type Abortable, type Http, path } from "../http.ts";

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

export const teamRoutes = (http: Http) => ({
  /** Weights, quotas and use: an admin sees all teams, others their own. */
  list: async ({ signal }: Abortable = {}): Promise<TeamShare[]> =>
    (await http.get(teamShareListSchema, "/teams", { signal })).items,
  /** Admins only. */
  change: (name: string, change: ShareChange): Promise<TeamShare> =>
    http.post(teamShareSchema, path`/teams/${name}`, { json: change }),
});

export const tokenRoutes = (http: Http) => ({
  /** Makes a bearer token, shown this once. Admins only. */
  create: async (token: { name: string; role: Role }): Promise<string> =>
    (await http.post(tokenSchema, "/tokens", { json: token })).token,
});
