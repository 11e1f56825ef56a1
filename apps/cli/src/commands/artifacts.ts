import { ReluctantError } from "@reluctant/contracts";
import { bytes, count } from "@reluctant/plot";
import type { Command } from "commander";
import { exitCodes } from "../report-error.ts";
import { bar } from "../terminal/format.ts";
import { LiveLines } from "../terminal/live-lines.ts";
import { note, print } from "../terminal/print.ts";
import { line } from "../terminal/text.ts";

interface MoveFlags {
  database?: string;
  stores?: string;
}

export function artifacts(program: Command): void {
  program
    .command("artifacts")
    .description("where the bytes of weights, masks and checkpoints lie")
    .command("move")
    .description(
      "bring all artifacts to the store that is named first, from wherever they lie; Ctrl-C ends it, and run again it goes on",
    )
    .option(
      "--stores <stores>",
      "s3://BUCKET/PREFIX, file:///FOLDER and postgres, the target first (RELUCTANT_ARTIFACTS)",
    )
    .option("--database <url>", "Postgres (DATABASE_URL)")
    .action((flags: MoveFlags) => move(flags));
}

async function move({
  database = process.env.DATABASE_URL,
  stores: named = process.env.RELUCTANT_ARTIFACTS,
}: MoveFlags) {
  if (!database) throw new ReluctantError("invalid-request", "DATABASE_URL is not set: give it, or --database");
  if (!named) {
    const fix = "name the store to move to, and behind it those to move from, there or by --stores";
    throw new ReluctantError("invalid-request", `RELUCTANT_ARTIFACTS is not set: ${fix}`);
  }
  const [{ moveArtifacts, nameOf, openStores, parseLocations }, { openDatabase }] = await Promise.all([
    import("@reluctant/artifacts"),
    import("@reluctant/db"),
  ]);
  const locations = parsed(() => parseLocations(named, "RELUCTANT_ARTIFACTS"));
  const target = locations.slice(0, 1).map(nameOf).join();
  const db = openDatabase(database, { poolSize: 5 });
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const live = new LiveLines(process.stderr);
  try {
    const moved = await moveArtifacts(db, await openStores(locations), {
      signal: interrupted.signal,
      onProgress: ({ artifacts, bytes: size }) => {
        const share = size.total === 0 ? 1 : size.done / size.total;
        const done = `${count(artifacts.done)}/${count(artifacts.total)} artifacts`;
        const text = line`moving to ${target}  ${bar(share)}  ${done}  ${bytes(size.done)} of ${bytes(size.total)}`;
        live.draw([{ key: "move", text, share }]);
      },
    });
    live.clear();
    print(line`${count(moved.artifacts)} artifacts (${bytes(moved.bytes)}) moved to ${target}`);
    for (const { sha256, reason } of moved.failures) note(line`${sha256} stays where it is: ${reason}`);
    if (moved.failures.length > 0) process.exitCode = exitCodes.failed;
  } catch (error) {
    live.clear();
    if (!interrupted.signal.aborted) throw error;
    note("interrupted: what is moved stays moved; run it again to go on");
    process.exitCode = exitCodes.interrupted;
  } finally {
    await db.close();
  }
}

/** Names of stores are a person's: what is wrong with them is told without a trace. */
function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new ReluctantError("invalid-request", (error as Error).message);
  }
}
