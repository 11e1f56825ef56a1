import { createProgram } from "../apps/cli/src/program.ts";

const program = createProgram();

/** What `reluctant WORDS --help` says of a command, without a process for it. */
export function helpOf(...words: string[]): string {
  let group = program;
  for (const word of words) {
    const found = group.commands.find((each) => each.name() === word || each.aliases().includes(word));
    if (!found) throw new Error(`reluctant ${words.join(" ")}: there is no command "${word}"`);
    group = found;
  }
  return group.helpInformation();
}
