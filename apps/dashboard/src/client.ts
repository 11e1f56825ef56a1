import { ApiError, createClient } from "@reluctant/sdk";
import { QueryClient } from "@tanstack/react-query";
import { fetchEscaped } from "./safe-text.ts";

/** The one door to the world: the API that serves this page, opened by the session cookie. */
export const client = createClient({ baseUrl: location.origin, fetch: fetchEscaped });

/** Outages are retried, refusals are not. A lost session sends every page back to the login. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) => !(error instanceof ApiError && error.status < 500) && failures < 3,
      staleTime: 1_000,
    },
  },
});

queryClient.getQueryCache().subscribe(({ query }) => {
  const { error } = query.state;
  if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== "session") {
    void queryClient.resetQueries({ queryKey: ["session"] });
  }
});
