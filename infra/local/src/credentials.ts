/** What lets people into the local stack: a token in `<dir>/token` for clients, a one-time link for a browser. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { authenticate, createLoginLink, createToken, ensureTeam } from "@reluctant/control";
import { type Database, openDatabase } from "@reluctant/db";

export interface Credentials {
  /** A bearer token for clients of this installation, also in `<dir>/token`. */
  readonly token: string;
  /** The dashboard's address with a link that logs a browser in once, within five minutes. */
  readonly loginLink: string;
}

const local = { team: "local", name: "local stack", role: "admin" } as const;

/** Keeps the token of an earlier start while the database still knows it. */
export async function prepareCredentials(dir: string, databaseUrl: string, address: string): Promise<Credentials> {
  const db = openDatabase(databaseUrl, { poolSize: 1 });
  try {
    await ensureTeam({ db }, { name: local.team });
    const token = (await knownToken(db, join(dir, "token"))) ?? (await newToken(db, join(dir, "token")));
    const { link } = await createLoginLink({ db }, local);
    return { token, loginLink: `${address}/#login=${link}` };
  } finally {
    await db.close();
  }
}

async function knownToken(db: Database, file: string): Promise<string | undefined> {
  const bearer = (await readFile(file, "utf8").catch(() => "")).trim();
  return bearer && (await authenticate({ db }, { bearer })) ? bearer : undefined;
}

async function newToken(db: Database, file: string): Promise<string> {
  const { token } = await createToken({ db }, local);
  await writeFile(file, `${token}\n`, { mode: 0o600 });
  return token;
}
