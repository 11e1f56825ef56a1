/**
 * Kernels in WebAssembly with 128-bit vectors, on byte offsets into one imported memory. AssemblyScript: `npm run kernels`
 * compiles it to kernels.wasm, which is kept, so that only who changes a kernel needs the compiler.
 */
export * from "./convolution";
export * from "./labels";
export * from "./polynomials";
export * from "./transpose";
