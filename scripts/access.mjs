/**
 * Lets people and programs in: prints a bearer token, or the end of an address that logs a browser in once, within five
 * minutes. The team is made where there is none. Needs a built checkout, or the image `control`, and DATABASE_URL, whose
 * holder may do anything anyhow.
 *
 *   node scripts/access.mjs token TEAM NAME viewer|member|admin
 *   node scripts/access.mjs link TEAM NAME viewer|member|admin
 */
import { createLoginLink, createToken } from "@reluctant/control";
import { openDatabase } from "@reluctant/db";

const [what, team, name, role] = process.argv.slice(2);
const { DATABASE_URL } = process.env;
if (!["token", "link"].includes(what) || !role) {
  console.error("usage: node scripts/access.mjs token|link TEAM NAME viewer|member|admin");
  process.exit(2);
}
if (!DATABASE_URL) {
  console.error("DATABASE_URL is not set: give the postgresql:// URL of the installation's database");
  process.exit(2);
}

const db = openDatabase(DATABASE_URL, { poolSize: 1 });
try {
  if (what === "token") console.log((await createToken({ db }, { team, name, role })).token);
  else console.log(`/#login=${(await createLoginLink({ db }, { team, name, role })).link}`);
} catch (error) {
  console.error(`no ${what} was made: ${error.message || error.code}`);
  process.exitCode = 1;
} finally {
  await db.close();
}
