import { type ExperimentState, experimentStates } from "@reluctant/contracts";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "wouter";
import { client } from "../../client.ts";
import { Empty, Failure, Skeleton } from "../../ui/notes.tsx";
import { wordOf } from "../../ui/state.tsx";
import { ExperimentTable } from "./experiment-table.tsx";
import { FirstExperiment } from "./first-experiment.tsx";

const pageSize = 50;
/** Milliseconds between two looks at the list, while something runs and while nothing does. */
const refresh = { active: 2_000, quiet: 10_000 };

export function ExperimentsPage() {
  const [params, setParams] = useSearchParams();
  const search = params.get("search") ?? "";
  const state = experimentStates.find((known) => known === params.get("state"));
  const list = useExperiments(search, state);
  const setFilter = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );

  const experiments = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="head">
        <h1>Experiments</h1>
        <search>
          <form className="row" onSubmit={(event) => event.preventDefault()}>
            <input
              type="search"
              aria-label="Search by name"
              placeholder="Search  /"
              maxLength={100}
              value={search}
              onChange={(event) => setFilter("search", event.target.value)}
            />
            <select aria-label="State" value={state ?? ""} onChange={(event) => setFilter("state", event.target.value)}>
              <option value="">all states</option>
              {experimentStates.map((each) => (
                <option key={each} value={each}>
                  {wordOf(each)}
                </option>
              ))}
            </select>
          </form>
        </search>
      </div>
      {list.isPending && <Skeleton lines={8} />}
      {list.error && <Failure error={list.error} onRetry={() => void list.refetch()} />}
      {list.data &&
        experiments.length === 0 &&
        (search || state ? <NothingMatches onClear={() => setParams({}, { replace: true })} /> : <FirstExperiment />)}
      {experiments.length > 0 && <ExperimentTable experiments={experiments} />}
      {list.hasNextPage && (
        <p className="more">
          <button type="button" onClick={() => void list.fetchNextPage()} disabled={list.isFetchingNextPage}>
            Show {pageSize} more
          </button>
          <span className="muted">{experiments.length} shown; search or filter to find others.</span>
        </p>
      )}
    </>
  );
}

const NothingMatches = ({ onClear }: { onClear: () => void }) => (
  <Empty title="No experiment matches">
    <p>
      <button type="button" onClick={onClear}>
        Clear the filter
      </button>
    </p>
  </Empty>
);

const useExperiments = (search: string, state: ExperimentState | undefined) =>
  useInfiniteQuery({
    queryKey: ["experiments", search, state],
    queryFn: ({ pageParam, signal }) =>
      client.experiments.list({ search: search || undefined, state, after: pageParam, limit: pageSize, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next ?? undefined,
    placeholderData: (before) => before,
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some((page) => page.items.some((item) => item.state === "active")) ? refresh.active : refresh.quiet,
  });
