import { useMutation, useQueryClient } from "@tanstack/react-query";
import { client } from "../client.ts";
import { useSession } from "./session-gate.tsx";

/** Who is logged in, the way out, and the keys. */
export function Account({ onHelp }: { onHelp: () => void }) {
  const { data: identity } = useSession();
  const queryClient = useQueryClient();
  const logout = useMutation({
    mutationFn: () => client.session.close(),
    onSuccess: () => {
      queryClient.clear();
      location.assign("/");
    },
  });
  return (
    <div className="account">
      {identity && (
        <span title={`${identity.name}, ${identity.role}`}>
          {identity.team} · {identity.role}
        </span>
      )}
      <span className="row">
        <button type="button" className="plain" onClick={onHelp}>
          Keys <kbd>?</kbd>
        </button>
        <button type="button" className="plain" onClick={() => logout.mutate()} disabled={logout.isPending}>
          Log out
        </button>
      </span>
    </div>
  );
}
