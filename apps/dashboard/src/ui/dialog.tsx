import { type ReactNode, useId, useLayoutEffect, useRef } from "react";
import { elementOf } from "./element-of.ts";

/** A modal dialog: focus stays in it, Escape closes it, and what had the focus before has it again. */
export function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  // Closed while it is still in the page: one that is only removed gives no focus back.
  useLayoutEffect(() => {
    const dialog = elementOf(ref);
    dialog.showModal();
    return () => dialog.close();
  }, []);
  return (
    <dialog ref={ref} aria-labelledby={titleId} onCancel={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
