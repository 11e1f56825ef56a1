import { boolean, float, nullable, text, uuid } from "../postgres-types.ts";
import { statement } from "../statement.ts";

export const teamShares = statement("team-shares", {
  takes: { teamId: nullable(uuid), halfLifeSeconds: float },
  gives: { name: text, weight: float, gpuSeconds: float, quota: nullable(float), hard: boolean },
});
export const changeShare = statement("change-share", {
  takes: {
    name: text,
    weight: nullable(float),
    hard: nullable(boolean),
    changesQuota: boolean,
    quota: nullable(float),
  },
  gives: { id: text },
});
