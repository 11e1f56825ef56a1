import { ReluctantError, type Role, roles } from "@reluctant/contracts";
import { authenticate } from "@reluctant/control";
import type { Request } from "express";
import type { AppDeps } from "../deps.ts";

export const sessionCookie = "reluctant_session";

export type AuthenticatedCaller = NonNullable<Awaited<ReturnType<typeof authenticate>>>;

/**
 * Who asks: a bearer token, or else a browser's session. A session's writes must come from our own pages.
 * @throws ReluctantError `unauthenticated`, `forbidden` or `bad-origin`
 */
export async function requireRole(deps: AppDeps, request: Request, role: Role): Promise<AuthenticatedCaller> {
  const identity = await identify(deps, request);
  if (!identity) {
    throw new ReluctantError(
      "unauthenticated",
      "Send a valid token as `Authorization: Bearer …`, or log in with a link",
      [{ field: "Authorization", message: "must be a valid bearer token" }],
    );
  }
  if (roles.indexOf(identity.role) < roles.indexOf(role)) {
    throw new ReluctantError("forbidden", `This needs the role ${role}; yours is ${identity.role}`, [
      { field: "Authorization", message: `must belong to the role ${role}` },
    ]);
  }
  return identity;
}

async function identify(deps: AppDeps, request: Request): Promise<AuthenticatedCaller | null> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const bearer = /^Bearer ([\w.~+/=-]{1,200})$/i.exec(authorization)?.[1];
    return bearer ? authenticate(deps.control, { bearer }) : null;
  }
  const session = sessionOf(request);
  if (!session) return null;
  if (isWrite(request)) requireOwnOrigin(deps, request);
  return authenticate(deps.control, { session });
}

/** The session's secret as the browser sent it. */
function sessionOf(request: Request): string | undefined {
  const cookies = (request.headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
  const session = cookies.find((cookie) => cookie.startsWith(`${sessionCookie}=`))?.slice(sessionCookie.length + 1);
  return session && session.length <= 200 ? session : undefined;
}

const isWrite = ({ method }: Request): boolean => method !== "GET" && method !== "HEAD";

/**
 * Browsers send `Sec-Fetch-Site` and, with every write, `Origin`: one of them must be there, and none may tell of
 * another site. SameSite=Strict is the first wall, this is the second.
 */
export function requireOwnOrigin(deps: AppDeps, request: Request): void {
  const site = request.headers["sec-fetch-site"];
  const { origin } = request.headers;
  const own = (site === undefined || site === "same-origin") && (origin === undefined || isOwn(deps, request, origin));
  if (own && (site !== undefined || origin !== undefined)) return;
  throw new ReluctantError("bad-origin", "Writes with a session must come from this API's own pages", [
    { field: "Origin", message: "must be this API's own origin" },
  ]);
}

function isOwn({ publicUrl }: AppDeps, request: Request, origin: string): boolean {
  if (publicUrl) return origin === publicUrl.origin;
  return URL.canParse(origin) && new URL(origin).host === request.headers.host;
}

/** Whether browsers reach us by https: then the cookie must never travel without. */
export const isHttps = ({ publicUrl }: AppDeps, request: Request): boolean =>
  publicUrl ? publicUrl.protocol === "https:" : request.secure;
