import { adHoc, sql } from "@reluctant/db";
import { setup } from "@reluctant/testkit";
import { expect, test } from "vitest";

interface Plan {
  "Relation Name"?: string;
  "Actual Loops": number;
  Plans?: Plan[];
}
const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** In an installation of a day nothing is analyzed yet: there the planner once asked this of every active experiment. */
test("what one experiment waits for is asked once, however many others are active", async () => {
  const kit = await setup();
  const experiments = [];
  for (let seed = 1; seed <= 30; seed++)
    experiments.push(await kit.submit({ until: "train", budgets: undefined, seeds: [seed] }));
  const { text, parameters, takes } = sql.finishExperiments;
  const explain = { ...adHoc(""), text: `explain (analyze, format json) ${text}`, parameters, takes };
  const experimentId = experiments[4]?.experimentId as string;
  const { stageRunId } = await kit.db.prisma.need.findFirstOrThrow({ where: { trial: { experimentId } } });
  const answer = await kit.db.one(explain, { stageRunIds: [stageRunId] });
  const [{ Plan: plan }] = answer["QUERY PLAN"] as [{ Plan: Plan }];
  const trials = nodesOf(plan).filter((node) => node["Relation Name"] === "trial");
  expect(trials.length).toBeGreaterThan(0);
  for (const { "Actual Loops": loops } of trials) expect(loops).toBeLessThanOrEqual(1);
  await kit.close();
});
