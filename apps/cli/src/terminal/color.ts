import pc from "picocolors";

/** Colors are for terminals whose user did not refuse them; a pipe, a file and a CI log get plain text. */
export const hasColor = ({ isTTY }: Pick<NodeJS.WriteStream, "isTTY">): boolean =>
  Boolean(isTTY) && !process.env.NO_COLOR;

/** Styles for what goes to stdout. */
export const forOut = pc.createColors(hasColor(process.stdout));
/** Styles for what goes to stderr. */
export const forErr = pc.createColors(hasColor(process.stderr));
