/**
 * The settings that a process starts with. Where one is wrong the process ends with 2, as wrong use does everywhere, after a
 * line that names it: a stack trace would hide the line.
 */
export function settingsOrEnd<T>(read: (env: NodeJS.ProcessEnv) => T): T {
  try {
    return read(process.env);
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}
