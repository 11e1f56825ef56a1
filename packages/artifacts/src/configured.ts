import type { Database } from "@reluctant/db";
import { type ArtifactsOptions, openArtifacts } from "./artifacts.ts";
import type { ByteStore } from "./byte-store.ts";
import { fileBytes } from "./files.ts";
import type { ArtifactStore } from "./store.ts";
import type { StoreLocation } from "./store-locations.ts";

/** The stores of a setting; the first is written to. A bucket's SDK is loaded where one is named alone: it takes 0.2 s. */
export async function openStores(locations: readonly StoreLocation[]): Promise<Omit<ArtifactsOptions, "graceMs">> {
  const opened = await Promise.all(locations.map(openStore));
  const stores = opened.filter((store) => store !== "postgres");
  return { writeTo: opened[0] ?? "postgres", stores };
}

async function openStore(location: StoreLocation): Promise<ByteStore | "postgres"> {
  if (location.type === "postgres") return "postgres";
  if (location.type === "file") return fileBytes(location.folder);
  return (await import("./s3.ts")).s3Bytes(location);
}

/** The artifacts of an installation, in the stores that RELUCTANT_ARTIFACTS names. */
export const configuredArtifacts = async (db: Database, locations: readonly StoreLocation[]): Promise<ArtifactStore> =>
  openArtifacts(db, await openStores(locations));
