/** The one way to stdout and stderr. */
import { styleText } from "node:util";
import { jsonText, multiLine, type Text } from "./text.ts";

type Out = Pick<NodeJS.WriteStream, "write" | "isTTY">;

/** Colors are for terminals whose user did not refuse them; a pipe, a file and a CI log get plain text. */
const hasColor = ({ isTTY }: Pick<NodeJS.WriteStream, "isTTY">): boolean => Boolean(isTTY) && !process.env.NO_COLOR;

/** What is sent for a text: its own control characters shown, our styles where the stream has colors. */
export function rendered(text: Text, out: Pick<NodeJS.WriteStream, "isTTY">): string {
  if (typeof text === "string") return multiLine(text);
  const colored = hasColor(out);
  return text
    .map(({ text: own, style }) => {
      const plain = multiLine(own);
      return colored && style && plain ? styleText(style, plain, { validateStream: false }) : plain;
    })
    .join("");
}

/** Text as it is, for what brings its own ends of lines. */
export const write = (text: Text, out: Out = process.stdout): void => void out.write(rendered(text, out));

export const print = (text: Text, out: Out = process.stdout): void => void out.write(`${rendered(text, out)}\n`);

/** Beside the results: notes and errors. */
export const note = (text: Text): void => print(text, process.stderr);

export const printJson = (value: unknown): void => void process.stdout.write(`${jsonText(value)}\n`);
