// Filled by src/load.ts with the TensorFlow.js of the process, before TensorFlow's package is loaded.
module.exports = {};
