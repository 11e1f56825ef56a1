import type { ResultOf } from "@reluctant/contracts";
import { type Kit, resultOf, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { completeAttempt, dispatch, getExperiment } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

test("a search that ends above its budget is a result like any other, and says its own count", async () => {
  const { experimentId } = await kit.submit({ until: "mask-search", methods: ["snl"] });
  const workerId = await kit.worker();
  for (let born = await dispatch(kit.deps); born.length > 0; born = await dispatch(kit.deps)) {
    for (const { attemptId } of born) {
      const claimed = await kit.claim(attemptId, workerId);
      const { params } = claimed.assignment;
      const result = resultOf(params);
      if (params.kind === "mask-search") (result as ResultOf<"mask-search">).reluCount = params.budget + 1;
      const artifacts = await kit.artifactsOf(claimed);
      await completeAttempt(kit.deps, { attemptId, epoch: claimed.epoch, result, artifacts });
    }
  }
  const { state, stageRuns } = await getExperiment(kit.deps, { identity: await kit.caller(), id: experimentId });
  expect(state).toBe("finished");
  const search = stageRuns.find(({ kind }) => kind === "mask-search");
  expect(search).toMatchObject({ state: "succeeded", result: { reluCount: 7_373 } }); // of 10 % of 73,728
  expect(await kit.db.prisma.mask.findFirst()).toMatchObject({ budget: 7_372, reluCount: 7_373 });
});
