import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";

/** Where artifacts may lie, as a setting names it. */
export type StoreLocation =
  | { type: "postgres" }
  | { type: "file"; folder: string }
  | { type: "s3"; bucket: string; prefix: string; endpoint: string | undefined; region: string | undefined };

/** The name that rows have: without what may change while the bytes stay, as an endpoint. */
export function nameOf(location: StoreLocation): string {
  if (location.type === "postgres") return "postgres";
  if (location.type === "file") return `file://${location.folder}`;
  return `s3://${[location.bucket, location.prefix].filter(Boolean).join("/")}`;
}

/**
 * The stores that a text such as `s3://bucket/prefix?endpoint=https://host file:///mnt/artifacts` names, at least one: the
 * first is written to, the others are only read.
 * @throws Error that names `setting`, what is wrong and what to do
 */
export function parseLocations(text: string, setting: string): StoreLocation[] {
  const words = text.split(/\s+/).filter(Boolean);
  const locations = words.map((word) => parseLocation(word, setting));
  const names = locations.map(nameOf);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice)
    throw new Error(`${setting} names ${twice} twice: two stores need a bucket, prefix or folder of their own`);
  return locations.length > 0 ? locations : [{ type: "postgres" }];
}

function parseLocation(word: string, setting: string): StoreLocation {
  const wrong = (fault: string) => new Error(`${setting}: ${fault}`);
  if (word === "postgres") return { type: "postgres" };
  if (!URL.canParse(word)) throw wrong("a store is postgres, s3://BUCKET/PREFIX or file:///FOLDER");
  const url = new URL(word);
  if (url.username || url.password) {
    throw wrong("an address holds a user or password; credentials come from AWS_ACCESS_KEY_ID and the like");
  }
  if (url.protocol === "file:") return { type: "file", folder: folderOf(url, wrong) };
  if (url.protocol !== "s3:")
    throw wrong(`${url.protocol}//… is no store: it is postgres, s3://BUCKET/PREFIX or file:///FOLDER`);
  const unknown = [...url.searchParams.keys()].find((name) => name !== "endpoint" && name !== "region");
  if (unknown) throw wrong(`${word} has the parameter ${unknown}; known are endpoint and region`);
  const endpoint = url.searchParams.get("endpoint") ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/@]+\/?$/.test(endpoint)) {
    throw wrong(`${word} has the endpoint "${endpoint}", not an address such as https://host:9000`);
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(url.hostname))
    throw wrong(`${word} names no bucket: s3://BUCKET/PREFIX`);
  const prefix = decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "");
  return { type: "s3", bucket: url.hostname, prefix, endpoint, region: url.searchParams.get("region") ?? undefined };
}

function folderOf(url: URL, wrong: (fault: string) => Error): string {
  const folder = url.host === "" ? fileURLToPath(url).replace(/(?<=.)\/+$/, "") : "";
  if (!isAbsolute(folder)) throw wrong(`${url.href} names no folder: file:///FOLDER, with three slashes`);
  return folder;
}
