/** What is bundled: TensorFlow.js' own specs, all of them, and the backend with its extension. The order of the imports matters. */
import "@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops";
import "@tensorflow/tfjs-core/dist/register_all_gradients";
import "@tensorflow/tfjs-backend-cpu";
import "./environment.mjs";
import "@tensorflow/tfjs-core/dist/tests";

export * as torch from "@reluctant/tfjs-backend-torch";
export * as ops from "@reluctant/training-ops";
export * as tf from "@tensorflow/tfjs-core";
