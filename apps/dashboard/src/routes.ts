import { type ComponentType, lazy } from "react";
import { DatasetPage } from "./pages/datasets/dataset-page.tsx";
import { DatasetsPage } from "./pages/datasets/datasets-page.tsx";
import { ExperimentsPage } from "./pages/experiments/experiments-page.tsx";
import { WorkersPage } from "./pages/workers/workers-page.tsx";

export interface PageRoute {
  path: string;
  page: ComponentType;
  /** Entry in the navigation, and the key after `g` that opens it. */
  nav?: { title: string; key: string };
}

/** Loaded when first opened: uPlot and Observable Plot are two thirds of the code. */
const ExperimentPage = lazy(() => import("./pages/experiment/experiment-page.tsx"));
const TrialPage = lazy(() => import("./pages/trial/trial-page.tsx"));
const FrontierPage = lazy(() => import("./pages/frontier/frontier-page.tsx"));

/** Every page of the dashboard; a new one is a folder in `pages` and a line here. */
export const routes: PageRoute[] = [
  { path: "/", page: ExperimentsPage, nav: { title: "Experiments", key: "e" } },
  { path: "/experiments/:id", page: ExperimentPage },
  { path: "/trials/:id", page: TrialPage },
  { path: "/frontier", page: FrontierPage, nav: { title: "Frontier", key: "f" } },
  { path: "/datasets", page: DatasetsPage, nav: { title: "Data sets", key: "d" } },
  { path: "/datasets/card", page: DatasetPage },
  { path: "/workers", page: WorkersPage, nav: { title: "Workers", key: "w" } },
];
