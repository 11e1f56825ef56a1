import { Suspense, useState } from "react";
import { Link, Route, Switch, useLocation } from "wouter";
import { routes } from "./routes.ts";
import { Account } from "./session/account.tsx";
import { Empty, Skeleton } from "./ui/notes.tsx";
import { PageBoundary } from "./ui/page-boundary.tsx";
import { ShortcutHelp } from "./ui/shortcut-help.tsx";
import { useShortcuts } from "./ui/use-shortcuts.ts";

export function App() {
  const [helpOpen, setHelpOpen] = useState(false);
  const [location] = useLocation();
  useShortcuts({ onHelp: () => setHelpOpen(true) });
  return (
    <div className="shell">
      <a className="skip" href="#content">
        Skip to content
      </a>
      <header className="side">
        <Link href="/" className="brand">
          Reluctant
        </Link>
        <nav aria-label="Pages">
          {routes.map(({ path, nav }) => nav && <NavLink key={path} path={path} title={nav.title} />)}
        </nav>
        <Account onHelp={() => setHelpOpen(true)} />
      </header>
      <main id="content" tabIndex={-1}>
        <PageBoundary key={location}>
          <Suspense fallback={<Skeleton lines={12} />}>
            <Switch>
              {routes.map(({ path, page }) => (
                <Route key={path} path={path} component={page} />
              ))}
              <Route>
                <Empty title="There is no such page">
                  <p>
                    <Link href="/">Go to the experiments</Link>
                  </p>
                </Empty>
              </Route>
            </Switch>
          </Suspense>
        </PageBoundary>
      </main>
      {helpOpen && <ShortcutHelp onClose={() => setHelpOpen(false)} />}
    </div>
  );
}

/** Pages of an experiment and of a trial count as part of the list. */
function NavLink({ path, title }: { path: string; title: string }) {
  const [location] = useLocation();
  const active =
    path === "/" ? location === "/" || /^\/(experiments|trials)\//.test(location) : location.startsWith(path);
  return (
    <Link href={path} aria-current={active ? "page" : undefined}>
      {title}
    </Link>
  );
}
