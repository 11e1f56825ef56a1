#!/usr/bin/env node
/** `tfjs-backend-torch-build`: prints the addon's path, or says what is missing. */
import { buildFromCommandLine } from "./build-command.ts";

await buildFromCommandLine();
