import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { client } from "../client.ts";
import { linkIn } from "./login-link.ts";

/** `reason`: why a link in the address did not open a session. */
export function LoginPage({ reason }: { reason: string | null }) {
  const [pasted, setPasted] = useState("");
  const [mistake, setMistake] = useState(reason);
  const queryClient = useQueryClient();
  const login = useMutation({
    mutationFn: (link: string) => client.session.open(link),
    onSuccess: () => queryClient.resetQueries({ queryKey: ["session"] }),
    onError: (error) => setMistake(error.message),
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const link = linkIn(pasted);
    if (link) login.mutate(link);
    else setMistake("This is no login link. It looks like http://…/#login= and a row of letters and digits.");
  };

  return (
    <main className="alone">
      <p className="brand">Reluctant</p>
      <h1>Log in with a one-time link</h1>
      <p>
        <code>npm start</code> prints a link that opens this page logged in. It works once, for five minutes. On a
        server, ask an admin of your team for one.
      </p>
      <form onSubmit={submit}>
        <label htmlFor="link">Login link</label>
        <div className="row">
          <input
            id="link"
            value={pasted}
            onChange={(event) => setPasted(event.target.value)}
            placeholder={`${location.origin}/#login=…`}
            autoComplete="off"
            spellCheck={false}
            aria-describedby={mistake ? "mistake" : undefined}
            aria-invalid={mistake !== null}
          />
          <button type="submit" className="primary" disabled={login.isPending}>
            Log in
          </button>
        </div>
        {mistake && (
          <p id="mistake" className="mistake" role="alert">
            {mistake}
          </p>
        )}
      </form>
    </main>
  );
}
