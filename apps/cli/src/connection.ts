import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ReluctantError } from "@reluctant/contracts";
import { type Client, createClient } from "@reluctant/sdk";
import type { Command } from "commander";
import { note } from "./terminal/print.ts";

/** Flags that every command speaking to the API has. */
export interface ConnectionFlags {
  api?: string;
  token?: string;
}

export const withConnection = (command: Command): Command =>
  command
    .option("--api <url>", "address of the API (RELUCTANT_URL; else the local stack's, from var/url)")
    .option(
      "--token <file>",
      "file that holds the bearer token (RELUCTANT_TOKEN holds the token itself; else var/token)",
    );

/** A client for the API that the flags, the environment or the local stack name, in this order. @throws ReluctantError */
export async function connect({ api, token }: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): Promise<Client> {
  const baseUrl = api ?? urlIn(env) ?? (await localFile("url"));
  if (!baseUrl) {
    throw new ReluctantError(
      "unavailable",
      "no API is named: start the local stack with npm start, or give --api URL or RELUCTANT_URL",
    );
  }
  if (!/^https?:\/\//.test(baseUrl) || !URL.canParse(baseUrl)) {
    const source = api ? "--api" : urlIn(env) ? "RELUCTANT_URL" : "var/url";
    throw new ReluctantError("invalid-request", `${source} is "${baseUrl}", not a URL such as http://127.0.0.1:7700`);
  }
  const secret = token ? await tokenFile(token) : env.RELUCTANT_TOKEN || (await localFile("token"));
  if (!secret) throw new ReluctantError("unauthenticated", "no token is given: use --token FILE or RELUCTANT_TOKEN");
  return createClient({ baseUrl, token: secret });
}

let warned = false;

function urlIn({ RELUCTANT_URL: url, RELUCTANT_API: former }: NodeJS.ProcessEnv): string | undefined {
  if (url || !former) return url || undefined;
  if (!warned) note("RELUCTANT_API is now called RELUCTANT_URL; rename it, the old name will not be heard for ever");
  warned = true;
  return former;
}

const tokenFile = async (path: string): Promise<string> => {
  const text = await readFile(path, "utf8").catch(() => {
    throw new ReluctantError("unauthenticated", `--token ${path}: there is no such file, or it cannot be read`);
  });
  return text.trim();
};

/** What the local stack of this folder wrote about itself. */
const localFile = async (name: "url" | "token"): Promise<string | null> =>
  (await readFile(join("var", name), "utf8").catch(() => null))?.trim() || null;
