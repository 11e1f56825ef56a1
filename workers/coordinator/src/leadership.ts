import { type Deps, electLeader, resignLeader } from "@reluctant/control";
import type { Logger } from "@reluctant/telemetry";
import { type PeriodicService, periodicService, type Service } from "./service.ts";

/** The lease that elects the leader. Whoever follows one that was killed leads within 5 s: its lease, and the wait for the next look. */
export const leaderName = "coordinator";
const leaseSeconds = 4;
const renewMs = 800;

/**
 * Runs the services on one coordinator at a time: the holder of a lease row in Postgres. One that is started again under
 * its own name goes on with its lease at once; any other waits until it is over. A leader that could not renew stops before
 * that. Two leaders for a moment would do no harm, since every command decides in Postgres.
 */
export function leadership(options: { deps: Deps; holder: string; services: Service[]; log: Logger }): Service & {
  /** Resolves at the first answer of Postgres, whoever leads. */
  readonly decided: Promise<void>;
} {
  const { deps, holder, services, log } = options;
  let decide = () => {};
  const decided = new Promise<void>((resolve) => (decide = resolve));
  let leading = false;
  let leaseEnds = 0;

  const lead = () => {
    if (leading) return;
    log.info("leads");
    leading = true;
    for (const service of services) service.start();
  };
  const follow = async () => {
    if (leading) log.info("does not lead any more");
    leading = false;
    await Promise.all(services.map((service) => service.stop()));
  };

  const elections: PeriodicService = periodicService({
    name: "leadership",
    everyMs: renewMs,
    log,
    async work() {
      const asked = performance.now();
      try {
        const elected = await electLeader(deps, { name: leaderName, holder, leaseSeconds });
        decide();
        if (!elected) return follow();
        leaseEnds = asked + leaseSeconds * 1_000;
        lead();
      } catch (error) {
        if (leading && performance.now() > leaseEnds - renewMs) await follow();
        throw error;
      }
    },
  });

  return {
    decided,
    start: elections.start,
    async stop() {
      await elections.stop();
      const led = leading;
      await follow();
      if (led)
        await resignLeader(deps, { name: leaderName, holder }).catch((err: unknown) =>
          log.warn({ err }, "the lease was not given back; it ends by itself"),
        );
    },
  };
}
