import type { Page } from "@reluctant/contracts";

/** Items of all pages, each page fetched when its first item is asked for. */
export async function* allItems<T>(fetchPage: (after: string | undefined) => Promise<Page<T>>): AsyncGenerator<T> {
  let after: string | undefined;
  do {
    const page = await fetchPage(after);
    yield* page.items;
    after = page.next ?? undefined;
  } while (after !== undefined);
}
