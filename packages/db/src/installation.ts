import { createHash } from "node:crypto";

/** Twelve digits that tell databases apart, whoever connects: an installation is its database. */
export function installationOf(databaseUrl: string): string {
  const place = databaseUrl.replace(/^(\w+:\/\/)[^/]*@/, "$1"); // without user and password
  return createHash("sha256").update(place).digest("hex").slice(0, 12);
}
