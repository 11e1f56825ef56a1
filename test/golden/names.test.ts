/**
 * Names that others hold: rows in Postgres, keys in Redis, clients of the API, specs in people's files. There may be more
 * of them one day. Whoever renames one brings what still reads the old name, and the test that shows it.
 */

import { problems } from "@reluctant/api";
import {
  artifactRoles,
  attemptStates,
  eventSchema,
  experimentStates,
  failureSchema,
  granularities,
  inputNames,
  inputRole,
  jobPayloadSchema,
  needOrigins,
  precisions,
  priorities,
  roles,
  stageRunStates,
  stopWays,
} from "@reluctant/contracts";
import { defaultPrefix, notificationNames, queueNames } from "@reluctant/queue";
import { modelNames, recipeNames } from "@reluctant/relu";
import { implementations, methodNames } from "@reluctant/stages/definitions";
import { expect, it } from "vitest";
import { notificationChannel } from "../../packages/queue/src/keys.ts";

/** As words in a line, since that is how one reads them. */
const keeps = (names: readonly string[], kept: string) =>
  expect(names).toEqual(expect.arrayContaining(kept.split(" ")));

it("rows keep their words, and priorities, which are stored as numbers, their order", () => {
  expect(priorities).toEqual(["low", "normal", "high"]);
  keeps(roles, "viewer member admin");
  keeps(granularities, "pixel channel");
  keeps(precisions, "fp32 bf16");
  keeps(needOrigins, "ran shared cached");
  keeps(experimentStates, "active paused cancelled failed finished");
  keeps(stageRunStates, "blocked ready active succeeded failed cancelled");
  keeps(attemptStates, "queued running stopping succeeded failed lost preempted cancelled superseded");
  keeps(stopWays, "checkpoint now");
  keeps(failureSchema.shape.code.options, "not-finite bad-input out-of-memory child-exit internal");
});

it("specs and stage runs keep the names of methods, recipes, models and implementations", () => {
  keeps(
    methodNames,
    "senet senet++ uniform-random continuation deepreduce layerwise-removal snl snl-exact autorep delphi-planner magnitude",
  );
  keeps(recipeNames, "paper/cifar paper/tiny-imagenet paper/imagenet cpu/resnet8 cpu/fast cpu/resnet20 debug");
  keeps(modelNames, "resnet8 resnet20 resnet56 resnet18 resnet34 resnet50 wrn22-8 vgg16-bn");
  keeps(Object.keys(implementations), "train/sgd sensitivity/sparse-momentum distillation/pram distillation/senet++");
  keeps(
    Object.keys(implementations).map((name) => name.replace("mask-search/", "")),
    "senet continuation deepreduce layerwise-removal snl autorep delphi-planner magnitude",
  );
});

it("what stages read and leave keeps its names", () => {
  keeps(artifactRoles, "weights sensitivity masks checkpoint");
  keeps(inputNames, "arModel sensitivity student");
  expect(inputRole).toMatchObject({ arModel: "weights", sensitivity: "sensitivity", student: "masks" });
});

it("events keep their types and what they say", () => {
  const kept = {
    "experiment.submitted": "name trials stageRuns cached",
    "experiment.changed": "state reason",
    "stage-run.changed": "state reason",
    "attempt.changed": "number state worker step reason",
    "frontier.point": "pointId",
  };
  const events = new Map<string, string[]>(
    eventSchema.options.map(({ shape }) => [shape.type.value, Object.keys(shape.data.shape)]),
  );
  for (const [type, fields] of Object.entries(kept)) keeps(events.get(type) ?? [], fields);
});

it("errors keep their codes and statuses", () => {
  const statuses = Object.fromEntries(Object.entries(problems).map(([code, { status }]) => [code, status]));
  expect(statuses).toMatchObject({
    "invalid-request": 400,
    "invalid-json": 400,
    unauthenticated: 401,
    forbidden: 403,
    "bad-origin": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    conflict: 409,
    "link-expired": 410,
    "body-too-large": 413,
    "unsupported-media-type": 415,
    "range-not-satisfiable": 416,
    "invalid-spec": 422,
    "idempotency-mismatch": 422,
    "too-many-requests": 429,
    internal: 500,
    unavailable: 503,
  });
});

it("Redis keeps its keys and jobs their form: workers of two versions serve one queue", () => {
  expect(defaultPrefix).toBe("reluctant");
  keeps(queueNames("a100"), "train.a100 sensitivity.a100 mask-search.a100 distillation.a100 private-inference.a100");
  keeps(
    notificationNames.map((name) => notificationChannel("reluctant", name)),
    "reluctant:wake:dispatch reluctant:wake:jobs reluctant:wake:stop reluctant:wake:events",
  );
  expect(Object.keys(jobPayloadSchema.shape)).toEqual(["attemptId", "stageRunId", "kind"]);
});
