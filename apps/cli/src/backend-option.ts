import { backendNames } from "@reluctant/contracts";
import { Option } from "commander";

/** For commands that start workers. */
export const backendOption = (): Option =>
  new Option("--backend <name>", "what computes (RELUCTANT_BACKEND)").choices(backendNames);
