import { ReluctantError, type Role, roles } from "@reluctant/contracts";
import type { Caller } from "./deps.ts";

/** Refuses a caller whose role is below the one that an action takes. */
export function requireRole({ role }: Caller, least: Role): void {
  if (roles.indexOf(role) < roles.indexOf(least)) {
    throw new ReluctantError("forbidden", `this takes the role ${least}; yours is ${role}`);
  }
}

/** The team whose rows a caller may see; null is every team's. */
export const visibleTeam = ({ role, teamId }: Caller): string | null => (role === "admin" ? null : teamId);

/** A row that is not there and one that the caller may not see look the same. */
export function found<T>(row: T | null | undefined, what: string, id: string): T {
  if (row === null || row === undefined) throw new ReluctantError("not-found", `there is no ${what} ${id}`);
  return row;
}
