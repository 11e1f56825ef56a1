import { sql } from "@reluctant/db";
import { shareHalfLifeSeconds } from "@reluctant/relu";
import type { Deps } from "./deps.ts";

/** Adds what teams were charged to their use of late. The order of dispatch counts both, so it may happen at any moment. */
export const foldUsage = ({ db }: Pick<Deps, "db">): Promise<void> =>
  db.run(sql.foldUsage, { halfLifeSeconds: shareHalfLifeSeconds });
