import { chmod, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** To copy or fetch programs takes seconds: a draft of this age was left by a process that was killed. */
const leftAfterMs = 60 * 60 * 1_000;

/** Makes something in a folder of its own beside where it will lie, and sweeps what killed processes left of the same. */
export async function inDraft(parent: string, name: string, make: (draft: string) => Promise<void>): Promise<void> {
  const prefix = `${name}.draft-`;
  for (const entry of (await readdir(parent)).filter((candidate) => candidate.startsWith(prefix))) {
    const written = await stat(join(parent, entry)).catch(() => null);
    if (written && Date.now() - written.mtimeMs > leftAfterMs)
      await rm(join(parent, entry), { recursive: true, force: true }).catch(() => undefined); // another user's stays
  }
  const draft = await mkdtemp(join(parent, prefix));
  try {
    await chmod(draft, 0o755); // whatever our umask says, the servers' user must get in
    await make(draft);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
