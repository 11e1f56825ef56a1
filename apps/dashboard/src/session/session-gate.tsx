import { ApiError } from "@reluctant/sdk";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { client } from "../client.ts";
import { Failure, Skeleton } from "../ui/notes.tsx";
import { linkIn } from "./login-link.ts";
import { LoginPage } from "./login-page.tsx";

/** A link in the address is used once and leaves the address (and the history) before anything else happens. */
async function openSession() {
  const link = location.hash.startsWith("#login=") ? linkIn(location.hash) : null;
  if (link) {
    history.replaceState(null, "", location.pathname + location.search);
    const refusal = await client.session.open(link).then(
      () => null,
      (error: unknown) => error,
    );
    // A used link does not matter to those who are logged in already.
    return client.session.identity().catch((error: unknown) => Promise.reject(refusal ?? error));
  }
  return client.session.identity();
}

export const useSession = () =>
  useQuery({ queryKey: ["session"], queryFn: openSession, staleTime: Number.POSITIVE_INFINITY });

/** A link pasted into the address of an open page changes only its fragment: no reload comes. */
function useLinkInAddress(): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    const look = () => {
      if (location.hash.startsWith("#login=")) void queryClient.resetQueries({ queryKey: ["session"] });
    };
    addEventListener("hashchange", look);
    return () => removeEventListener("hashchange", look);
  }, [queryClient]);
}

/** Shows its children to those who are logged in, the login page to others. */
export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession();
  useLinkInAddress();
  if (session.isPending)
    return (
      <main className="alone">
        <Skeleton lines={3} />
      </main>
    );
  if (session.data) return children;
  const { error } = session;
  if (error instanceof ApiError && error.status < 500)
    return <LoginPage reason={error.status === 401 ? null : error.message} />;
  return (
    <main className="alone">
      <Failure error={error} onRetry={() => void session.refetch()} />
    </main>
  );
}
