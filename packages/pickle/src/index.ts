export { ByteReader } from "./byte-reader.ts";
export { MalformedError, quoted } from "./errors.ts";
export { mostHeaderBytes, type NpyHeader, npyHeader } from "./npy-header.ts";
export { NumpyArray, numpyArrays } from "./numpy-arrays.ts";
export { numpyScalars, writtenBytes } from "./numpy-scalars.ts";
export { type Meanings, unpickle } from "./pickle.ts";
export { Global, Placeholder } from "./placeholder.ts";
export { Call, Name, Outside, pickled, Tuple } from "./write-pickle.ts";
