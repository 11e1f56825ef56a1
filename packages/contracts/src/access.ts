import { z } from "zod";
import { nameSchema } from "./primitives.ts";
import { roles } from "./words.ts";

/** Who asks, for which team, and what a team may claim. */

export const sessionRequestSchema = z.strictObject({ link: z.string().min(20).max(200) });
export const identitySchema = z.object({ team: z.string(), name: z.string(), role: z.enum(roles) });
export type Identity = z.infer<typeof identitySchema>;

export const tokenRequestSchema = z.strictObject({ name: nameSchema, role: z.enum(roles) });
/** A team's claim to the slots of an installation, and its use of them. */
export const teamShareSchema = z.object({
  name: z.string(),
  /** Dispatch divides the use of teams by it. */
  weight: z.number(),
  /** Of late: decayed with a half-life of a day, running work counted. */
  gpuSeconds: z.number(),
  quota: z.number().nullable(),
  hard: z.boolean(),
});
export type TeamShare = z.infer<typeof teamShareSchema>;
export const teamShareListSchema = z.object({ items: z.array(teamShareSchema) });

export const teamSchema = z.strictObject({ name: nameSchema });
/** A new bearer token, shown this once. */
export const tokenSchema = z.object({ token: z.string() });
