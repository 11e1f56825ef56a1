import { type Kit, setup } from "@reluctant/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { authenticate, createLoginLink, createToken, endSession, exchangeLoginLink } from "./index.ts";

let kit: Kit;
beforeEach(async () => {
  kit = await setup();
});
afterEach(() => kit.close());

const credential = { team: "lab", name: "ada", role: "member" } as const;

test("a token opens its team's door, and only its hash is stored", async () => {
  const { token } = await createToken(kit.deps, credential);
  expect(token).toMatch(/^rlt_[A-Za-z0-9_-]{43}$/);
  expect(await authenticate(kit.deps, { bearer: token })).toMatchObject(credential);
  expect(await authenticate(kit.deps, { bearer: `${token}x` })).toBeNull();
  const stored = JSON.stringify(await kit.db.prisma.apiToken.findMany());
  expect(stored).not.toContain(token);
  await kit.db.prisma.apiToken.updateMany({ data: { revokedAt: new Date() } });
  expect(await authenticate(kit.deps, { bearer: token })).toBeNull();
});

test("a login link gives one session, to one of two that ask at once", async () => {
  const { link } = await createLoginLink(kit.deps, credential);
  const answers = await Promise.allSettled([
    exchangeLoginLink(kit.deps, { link }),
    exchangeLoginLink(kit.deps, { link }),
  ]);
  expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  const session = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value.session : []))[0] ?? "";
  const identity = await authenticate(kit.deps, { session });
  expect(identity).toMatchObject(credential);
  await endSession(kit.deps, { sessionId: identity?.sessionId ?? "" });
  expect(await authenticate(kit.deps, { session })).toBeNull();
});

test("a link that is too old opens nothing", async () => {
  const { link } = await createLoginLink(kit.deps, credential);
  await kit.db.prisma.$executeRaw`update login_link set expires_at = now() - interval '1 second'`;
  await expect(exchangeLoginLink(kit.deps, { link })).rejects.toMatchObject({ code: "link-expired" });
});

test("the audit names the admin who made a token, not the one whom it is for", async () => {
  const actor = await kit.caller("lab", "admin");
  await createToken(kit.deps, { ...credential, actor });
  await createToken(kit.deps, credential);
  const audit = await kit.db.prisma.auditEvent.findMany({ where: { action: "token.create" }, orderBy: { id: "asc" } });
  expect(audit.map((row) => row.actor)).toEqual([actor.name, "installation"]);
  expect(audit[0]?.detail).toEqual({ name: "ada", role: "member" });
});
