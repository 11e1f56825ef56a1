import { ApiError } from "@reluctant/sdk";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { client } from "../client.ts";
import { Failure, Skeleton } from "../ui/notes.tsx";
import { linkIn } from "./login-link.ts";
import { LoginPage } from "./login-page.tsx";

/** A link in the address is used once and leaves the address (and the history) before anything else happens. */
async function openSession() {
  const link = location.hash.startsWith("#login=") ? linkIn(location.hash) : null;
  if (link) {
    history.replaceState(null, "", location.pathname + location.search);
    await client.session.open(link);
  }
  return client.session.identity();
}

export const useSession = () => useQuery({ queryKey: ["session"], queryFn: openSession, staleTime: Number.POSITIVE_INFINITY });

/** Shows its children to those who are logged in, the login page to others. */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession();
  if (session.isPending) return <main className="alone"><Skeleton lines={3} /></main>;
  if (session.data) return children;
  const { error } = session;
  if (error instanceof ApiError && error.status < 500) return <LoginPage reason={error.status === 401 ? null : error.message} />;
  return <main className="alone"><Failure error={error!} onRetry={() => void session.refetch()} /></main>;
}
