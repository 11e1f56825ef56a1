import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function setup(level = "info") {
  const lines: string[] = [];
  const logger = createLogger({ name: "api", level }, { write: (line: string) => void lines.push(line) });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
}

const token = `rlt_${"a".repeat(43)}`;

test("a message is one JSON line with its level as a word, the service and an ISO time", () => {
  const { logger, lines, parsed } = setup();
  logger.info({ port: 80 }, "ready");
  expect(lines).toHaveLength(1);
  expect(parsed()[0]).toMatchObject({ level: "info", name: "api", msg: "ready", port: 80 });
  expect(parsed()[0].time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
});

test("no secret reaches a line, neither under its key nor inside a text", () => {
  const { logger, lines } = setup();
  logger.info({ token, headers: { authorization: `Bearer ${token}`, cookie: "reluctant_session=s3cret" } }, "keys");
  logger.info({ req: { headers: { cookie: "reluctant_session=s3cret", "set-cookie": "s3cret" } } }, "nested");
  logger.error(
    { err: new Error(`cannot reach postgres://lab:s3cret@db:5432/x with Bearer s3cret-bearer`) },
    `and ${token}`,
  );
  const text = lines.join("");
  expect(text).not.toContain("s3cret");
  expect(text).not.toContain(token);
  expect(text).toContain("postgres://lab:[redacted]@db:5432/x");
});

test("lines below the level are dropped, and an unknown level is refused by name", () => {
  const { logger, lines } = setup("warn");
  logger.info("quiet");
  expect(lines).toEqual([]);
  expect(() => setup("loud")).toThrow(/LOG_LEVEL is "loud".*info/);
});
