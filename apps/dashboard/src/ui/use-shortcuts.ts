import { useEffect } from "react";
import { useLocation } from "wouter";
import { routes } from "../routes.ts";

/** How long `g` waits for its second key. */
const patience = 1_000;

/** `/` goes to the page's search, `g` and a letter to a page, `?` to the help; none of them while typing. */
export function useShortcuts({ onHelp }: { onHelp: () => void }): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const target = Date.now() < goUntil && routes.find(({ nav }) => nav?.key === event.key);
      goUntil = event.key === "g" ? Date.now() + patience : 0;
      if (target) navigate(target.path);
      else if (event.key === "?") onHelp();
      else if (event.key === "/") document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate, onHelp]);
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.matches("input, textarea, select") || target.closest("dialog") !== null);
