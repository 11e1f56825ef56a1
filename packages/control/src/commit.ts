import type { Tx } from "@reluctant/db";
import type { Deps, NotificationName } from "./deps.ts";

/** The transaction of a command, and whom its changes concern. */
export interface CommandTx extends Tx {
  readonly concerned: Set<NotificationName>;
}

/** Commits a command, and then notifies those whom it concerns; none when it fails. */
export async function commit<T>(
  { db, notifications }: Pick<Deps, "db" | "notifications">,
  command: (t: CommandTx) => Promise<T>,
): Promise<T> {
  let concerned = new Set<NotificationName>();
  const answer = await db.tx((t) => {
    concerned = new Set(); // what a run before this one announced was rolled back
    return command({ ...t, concerned });
  });
  notifications.publish(...concerned);
  return answer;
}
