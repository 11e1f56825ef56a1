import { Fragment } from "react";
import { routes } from "../routes.ts";
import { Dialog } from "./dialog.tsx";

const keys = [
  ["/", "search"],
  ...routes.flatMap(({ nav }) => (nav ? [[`g ${nav.key}`, nav.title.toLowerCase()]] : [])),
  ["?", "this help"],
] as [string, string][];

export const ShortcutHelp = ({ onClose }: { onClose: () => void }) => (
  <Dialog title="Keys" onClose={onClose}>
    <dl className="keys">
      {keys.map(([key, meaning]) => (
        <Fragment key={key}>
          <dt>
            <kbd>{key}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </Fragment>
      ))}
    </dl>
    <button type="button" onClick={onClose}>
      Close
    </button>
  </Dialog>
);
