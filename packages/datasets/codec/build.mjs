/**
 * `npm run codec` compiles libjpeg-turbo's decoder and our resampling to codec.wasm, which is kept, so
 * that only who changes the codec needs what compiles it: python3, which gets Zig's C compiler from PyPI, and cargo, which
 * gets libjpeg-turbo's source from crates.io. `codec.sha256` says what codec.wasm was made of, and a test compares.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const compiler = "ziglang==0.17.1";
/** Holds libjpeg-turbo 3.1.0. */
const crate = { name: "turbojpeg-sys", version: "1.2.0" };

/** Of libjpeg-turbo what decodes lossy JPEGs of 8 bits. */
const parts = [
  ...[
    "jaricom",
    "jcomapi",
    "jdapimin",
    "jdapistd",
    "jdarith",
    "jdcoefct",
    "jdcolor",
    "jddctmgr",
    "jdinput",
    "jdmainct",
  ],
  ...["jdmarker", "jdmaster", "jdmerge", "jdpostct", "jdsample", "jidctint", "jidctred", "jmemmgr", "jmemnobs"],
  ...["jpeg_nbits", "jutils"],
];
/** Their bit buffer has 64 bits where pointers have, or where they are told that a processor has such words all the same. */
const entropyDecoders = ["jdhuff", "jdphuff"];
const wideWords = ["-D__x86_64__", "-D__ILP32__"];

const codec = import.meta.dirname;
const sources = [...filesOf("."), ...filesOf("include")].filter((file) => /\.(c|h|mjs)$/.test(file)).sort();
const work = mkdtempSync(join(tmpdir(), "reluctant-codec-"));
const run = (program, ...args) => execFileSync(program, args, { cwd: work, stdio: ["ignore", "pipe", "inherit"] });
try {
  run("python3", "-m", "pip", "install", "--quiet", "--no-deps", "--target", work, compiler);
  const turbo = join(sourceOfCrate(), "libjpeg-turbo/src");
  const libc = join(work, "ziglang/lib/libc/include");
  const flags = [
    ...["-target", "wasm32-wasi", "-O3", "-msimd128", "-mbulk-memory", "-ffreestanding", "-fno-builtin", "-nostdlib"],
    ...["-isystem", join(libc, "wasm-wasi-musl"), "-isystem", join(libc, "generic-musl"), "-Wno-macro-redefined"],
    ...[`-I${codec}/include`, `-I${codec}`, `-I${turbo}`, "-DNO_GETENV"],
  ];
  const compile = (...args) => run(join(work, "ziglang/zig"), "cc", ...flags, ...args);
  for (const part of entropyDecoders) compile(...wideWords, "-c", join(turbo, `${part}.c`), "-o", `${part}.o`);
  const objects = [
    ...entropyDecoders.map((part) => `${part}.o`),
    ...parts.map((part) => join(turbo, `${part}.c`)),
    ...sources.filter((file) => file.endsWith(".c")).map((file) => join(codec, file)),
  ];
  compile("-s", "-Wl,--no-entry", "-Wl,--export-memory", ...objects, "-o", join(codec, "codec.wasm"));
  chmodSync(join(codec, "codec.wasm"), 0o644);
  const digests = ["codec.wasm", ...sources].map((file) => `${sha256(join(codec, file))}  ${file}\n`);
  writeFileSync(join(codec, "codec.sha256"), digests.join(""));
} finally {
  rmSync(work, { recursive: true });
}

function filesOf(folder) {
  return readdirSync(join(import.meta.dirname, folder)).map((name) => join(folder, name));
}

function sourceOfCrate() {
  const { name, version } = crate;
  mkdirSync(join(work, "src"));
  writeFileSync(join(work, "src/lib.rs"), "");
  const project = `[package]\nname = "codec"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n${name} = "=${version}"\n`;
  writeFileSync(join(work, "Cargo.toml"), project);
  run("cargo", "vendor", "--quiet");
  return join(work, "vendor", name);
}

function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
