import { z } from "zod";
import { budgetSchema } from "./budget.ts";
import { seedSchema } from "./primitives.ts";
import { priorities, type TrialState, trialStates } from "./words.ts";

/** What may be changed of an experiment, or a trial, that there is. */
export const priorityChangeSchema = z.strictObject({ priority: z.enum(priorities) });

/** Which trials of an experiment: those that are of one of the values of each field that is given. */
export const trialFilterSchema = z.strictObject({
  methods: z.array(z.string().min(1).max(100)).min(1).max(16).optional(),
  budgets: z.array(budgetSchema).min(1).max(1_000).optional(),
  seeds: z.array(seedSchema).min(1).max(1_000).optional(),
  states: z.array(z.enum(trialStates)).min(1).optional(),
});
export type TrialFilterInput = z.input<typeof trialFilterSchema>;
export type TrialFilter = z.output<typeof trialFilterSchema>;

/** A new priority, and the trials that get it. */
export const trialPrioritySchema = trialFilterSchema.extend(priorityChangeSchema.shape);

/** The states of the trials that each command is for. */
export const trialCommands = {
  pause: ["waiting", "running"],
  resume: ["paused"],
  cancel: ["waiting", "running", "paused"],
  retry: ["failed", "cancelled"],
  priority: ["waiting", "running", "paused"],
} as const satisfies Record<string, readonly TrialState[]>;
export type TrialCommand = keyof typeof trialCommands;

/** What may be changed of a team's share; what is left out stays. */
export const shareChangeSchema = z.strictObject({
  weight: z.number().positive().max(1_000_000).optional(),
  /** GPU-seconds of late, decayed with a half-life of a day; null takes the quota away. */
  quota: z.number().nonnegative().max(1e12).nullable().optional(),
  /** Over its quota a team gets no slot; otherwise it waits only for those who are under theirs. */
  hard: z.boolean().optional(),
});
export type ShareChange = z.output<typeof shareChangeSchema>;

/** What an experiment is to have besides; with what it has, the same must fit as in a spec. */
export const extensionSchema = z.strictObject({
  methods: z.array(z.string().min(1).max(100)).min(1).max(16).optional(),
  budgets: z.array(budgetSchema).min(1).max(1_000).optional(),
  seeds: z.array(seedSchema).min(1).max(1_000).optional(),
});
export type ExtensionInput = z.input<typeof extensionSchema>;
export type Extension = z.output<typeof extensionSchema>;
