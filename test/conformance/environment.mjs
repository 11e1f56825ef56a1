/** Tells the specs which backend to use, before they are loaded. */
import { setTestEnvs } from "@tensorflow/tfjs-core/dist/jasmine_util";

const name = process.env.CONFORMANCE_BACKEND;
setTestEnvs([{ name, backendName: name, isDataSync: true }]);
