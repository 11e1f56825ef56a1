/**
 * `npm run test:asan`: the C++ of the torch backend, of the training operations and of private inference under
 * AddressSanitizer, which finds wrong uses of memory and what is never freed, and UndefinedBehaviorSanitizer. Runs the tests of
 * all three, recorded steps again as graphs (rehearsed, since only CUDA has real ones), and odd inputs. Instrumented, they are
 * builds of their own. `npm run test:asan -- PART` runs the parts with this in their names.
 * The last line is {"findings":…,"failed":[…]}. Exit code 0 when both are none, 1 otherwise, 3 when something is missing.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useCachesThatCanBeWritten } from "../../scripts/caches.mjs";
import { findingsIn } from "./findings.mjs";

const root = join(import.meta.dirname, "../..");
const sanitized = ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined"];
const flags = [
  ...sanitized,
  "-fno-sanitize=vptr", // asks libtorch's classes for type information that it keeps to itself
  "-DTFJS_TORCH_REHEARSE_GRAPHS",
];
const vitest = ["node_modules/vitest/vitest.mjs", "run", "--config", "test/asan/vitest.config.ts"];
const [torch, pi] = ["packages/training-ops/dist/build-cli.js", "packages/pi/dist/build-cli.js"];
const all = [
  {
    name: "the tests of both packages of torch",
    build: torch,
    args: [...vitest, "tfjs-backend-torch", "training-ops"],
  },
  {
    name: "recorded steps as graphs",
    build: torch,
    args: [...vitest, "src/recorded-step.test.ts"],
    env: { TFJS_TORCH_REHEARSE_GRAPHS: "1" },
  },
  {
    name: "odd inputs",
    build: torch,
    args: ["test/conformance/odd-inputs.mjs", "2"],
    // It ends in the middle of its work: what then lives is no leak, and naming it takes the sanitizer minutes.
    leaks: 0,
    lastLine: /"wrong":0}$/,
  },
  { name: "private inference", build: pi, args: [...vitest, "packages/pi"] },
];
const wanted = process.argv[2] ?? "";
const parts = all.filter(({ name }) => name.includes(wanted));
if (parts.length === 0) {
  console.error(`no part has "${wanted}" in its name: they are ${all.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}

useCachesThatCanBeWritten();
const env = { ...process.env, TFJS_TORCH_CXXFLAGS: flags.join(" "), RELUCTANT_PI_CXXFLAGS: sanitized.join(" ") };
for (const build of new Set(parts.map((part) => part.build))) {
  const built = spawnSync(process.execPath, [build], { cwd: root, env, stdio: ["ignore", "ignore", "inherit"] });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

const reports = mkdtempSync(join(tmpdir(), "reluctant-asan-"));
const failed = parts.filter((part) => !passes(part)).map(({ name }) => name);
const findings = readdirSync(reports).flatMap((file) => findingsIn(readFileSync(join(reports, file), "utf8")));
rmSync(reports, { recursive: true });
for (const finding of findings) console.log(finding);
console.log(JSON.stringify({ findings: findings.length, failed }));
process.exitCode = findings.length + failed.length > 0 ? 1 : 0;

function passes({ name, args, env: further, leaks = 1, lastLine }) {
  console.log(`--- ${name}`);
  const result = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...env, ...further, ...sanitizers(leaks) },
    stdio: ["ignore", lastLine ? "pipe" : "inherit", "inherit"],
    maxBuffer: 2 ** 28,
    encoding: "utf8",
  });
  if (!lastLine) return result.status === 0;
  const lines = result.stdout.trim().split("\n");
  console.log(lines.at(-1));
  return result.status === 0 && lastLine.test(lines.at(-1));
}

/** Node is not instrumented: the sanitizer's library comes before all others. */
function sanitizers(leaks) {
  const library = spawnSync(process.env.CXX || "c++", ["-print-file-name=libasan.so"], { encoding: "utf8" });
  const options = [
    `log_path=${join(reports, "report")}`,
    `detect_leaks=${leaks}`,
    "allocator_may_return_null=1", // as malloc does: running out of memory is tested
    "exitcode=0", // leaks of the programs that Node starts are no failure of theirs: the reports decide
  ];
  return {
    LD_PRELOAD: library.stdout.trim(),
    ASAN_OPTIONS: options.join(":"),
    UBSAN_OPTIONS: `print_stacktrace=1:halt_on_error=1:log_path=${join(reports, "report")}`,
  };
}
