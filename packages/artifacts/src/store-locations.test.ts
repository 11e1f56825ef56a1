import { expect, test } from "vitest";
import { nameOf, parseLocations } from "./store-locations.ts";

const parse = (text: string) => parseLocations(text, "RELUCTANT_ARTIFACTS");

test("Postgres is the default, and several stores may be named", () => {
  expect(parse("")).toEqual([{ type: "postgres" }]);
  const named = parse("s3://lab/reluctant/v1/?endpoint=https://minio:9000&region=eu file:///mnt/artifacts/ postgres");
  expect(named).toEqual([
    { type: "s3", bucket: "lab", prefix: "reluctant/v1", endpoint: "https://minio:9000", region: "eu" },
    { type: "file", folder: "/mnt/artifacts" },
    { type: "postgres" },
  ]);
  expect(named.map(nameOf)).toEqual(["s3://lab/reluctant/v1", "file:///mnt/artifacts", "postgres"]);
  expect(nameOf(parse("s3://lab")[0] as (typeof named)[number])).toBe("s3://lab");
});

test.each([
  ["lab/bucket", "a store is postgres, s3://BUCKET/PREFIX or file:///FOLDER"],
  ["https://lab", "https://… is no store"],
  ["s3://key:secret@lab", "credentials come from AWS_ACCESS_KEY_ID"],
  ["s3://", "names no bucket"],
  ["s3://lab?endpiont=x", "parameter endpiont; known are endpoint and region"],
  ["s3://lab?endpoint=minio:9000", "not an address such as https://host:9000"],
  ["file://mnt/artifacts", "with three slashes"],
  ["s3://lab?endpoint=http://a s3://lab?endpoint=http://b", "names s3://lab twice"],
])("%s is refused, with the setting's name and without a secret", (text, fault) => {
  expect(() => parse(text)).toThrow(fault);
  expect(() => parse(text)).toThrow(/^RELUCTANT_ARTIFACTS(?!.*secret)/);
});
