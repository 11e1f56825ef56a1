#!/usr/bin/env node
/** `training-ops-build`: prints the paths of the torch backend's addon and of these operators' library, or says what is missing. */
import { buildFromCommandLine } from "@reluctant/tfjs-backend-torch/extension";
import { trainingOps } from "./extension.ts";

await buildFromCommandLine([trainingOps]);
