/** What is bundled: TensorFlow.js' own specs, all of them, for one backend. The order of the imports matters. */
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import "./environment.mjs";
import "@tensorflow/tfjs-core/dist/tests";

export * as tf from "@tensorflow/tfjs-core";
export * as torch from "../../packages/tfjs-backend-torch/src/index.ts";
