import { useEffect, useState } from "react";
import { ago } from "../format.ts";

/** How long ago, kept true while it is looked at; the exact time on hover. */
export function Time({ at }: { at: string }) {
  const now = useNow();
  const date = new Date(at);
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {ago(date.getTime(), now)}
    </time>
  );
}

/** The clock, every ten seconds: the finest step that `ago` shows for long. */
function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 10_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
