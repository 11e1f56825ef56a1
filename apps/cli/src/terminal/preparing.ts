import type { Dataset, PreparingDataset, UnusableDataset } from "@reluctant/contracts";
import { count } from "@reluctant/plot";
import { bar, clock } from "./format.ts";
import type { LiveLine } from "./live-lines.ts";
import { line, singleLine, type Text } from "./text.ts";

export function preparingLine(dataset: PreparingDataset): LiveLine {
  const { name, step, done, total } = dataset;
  return { key: `${name} ${step}`, text: progressLine(dataset), ...(total !== null && { share: done / total }) };
}

/** `decoding  cifar10  ███████████░░░░░  68 %  40,800/60,000 images  1,530 img/s  ETA 0:12` */
function progressLine({ name, step, done, total, imagesPerSecond, etaSeconds }: PreparingDataset): Text {
  const what = line`${step.padEnd(8)}  ${name}`;
  if (step === "waiting") return what;
  const rate = `${imagesPerSecond === null ? "–" : count(Math.round(imagesPerSecond))} img/s`;
  if (total === null) return line`${what}  ${count(done)} images  ${rate}`;
  const percent = `${String(Math.floor((100 * done) / total)).padStart(3)} %`;
  const images = `${count(done)}/${count(total)} images`;
  return line`${what}  ${bar(done / total)} ${percent}  ${images}  ${rate}  ETA ${clock(etaSeconds)}`;
}

export const readyLine = ({ name, splits }: Pick<Dataset, "name" | "splits">): Text =>
  line`ready     ${name}  ${count(splits.train + splits.validation + splits.test)} images`;

/** `The data set cifar10 cannot be used: /data/cifar10: holds both val and test. To mend it: …`, as plain text of one line. */
export const unusableLine = ({ name, reason, fix }: UnusableDataset): string =>
  singleLine(`The data set ${name} cannot be used: ${reason}. To mend it: ${fix}`);
