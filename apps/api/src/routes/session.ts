import { identitySchema, sessionRequestSchema } from "@reluctant/contracts";
import { endSession, exchangeLoginLink } from "@reluctant/control";
import type { AppDeps } from "../deps.ts";
import { isHttps, requireOwnOrigin, sessionCookie } from "../http/auth.ts";
import { route } from "../http/route.ts";

export const sessionRoutes = [
  route({
    name: "openSession",
    method: "post",
    path: "/api/v1/session",
    summary: "Exchange a one-time login link for a browser's session cookie.",
    access: "open",
    body: { type: "json", schema: sessionRequestSchema },
    answers: { 204: { description: "Logged in; Set-Cookie holds the session." } },
    problems: ["link-expired", "bad-origin"],
    perMinute: 10,
    async handle({ deps, body, request }) {
      requireOwnOrigin(deps, request);
      const { session, expiresAt } = await exchangeLoginLink(deps.control, { link: body.link });
      return {
        status: 204,
        headers: { "Set-Cookie": cookie(deps, request, session, new Date(expiresAt)) },
        empty: true,
      };
    },
  }),
  route({
    name: "getSession",
    method: "get",
    path: "/api/v1/session",
    summary: "Whom the token or session stands for.",
    access: "viewer",
    answers: { 200: { description: "Team, name and role.", schema: identitySchema } },
    handle: async ({ identity: { team, name, role } }) => ({ status: 200, json: { team, name, role } }),
  }),
  route({
    name: "closeSession",
    method: "delete",
    path: "/api/v1/session",
    summary: "Log out: the session ends at once.",
    access: "viewer",
    answers: { 204: { description: "Logged out." } },
    async handle({ deps, identity: { sessionId }, request }) {
      if (sessionId) await endSession(deps.control, { sessionId });
      return { status: 204, headers: { "Set-Cookie": cookie(deps, request, "", new Date(0)) }, empty: true };
    },
  }),
];

function cookie(deps: AppDeps, request: Parameters<typeof isHttps>[1], value: string, expires: Date): string {
  const secure = isHttps(deps, request) ? "; Secure" : "";
  return `${sessionCookie}=${value}; Path=/; Expires=${expires.toUTCString()}; HttpOnly; SameSite=Strict${secure}`;
}
