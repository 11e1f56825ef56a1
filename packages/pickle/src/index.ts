export { ByteReader } from "./byte-reader.ts";
export { MalformedError, quoted } from "./errors.ts";
export { numpyScalars } from "./numpy-scalars.ts";
export { type Meanings, unpickle } from "./pickle.ts";
export { Global, Placeholder } from "./placeholder.ts";
