import { hash, randomBytes } from "node:crypto";

/** 256 random bits: too many to guess, so a plain SHA-256 keeps them safely. */
export const newSecret = (): string => randomBytes(32).toString("base64url");

/** What is stored of a secret. */
export const secretHash = (secret: string): string => hash("sha256", secret);
