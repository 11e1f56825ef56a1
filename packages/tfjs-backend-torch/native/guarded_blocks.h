// For tests: each block of libtorch's memory between pages without access, so that a wrong access is found where it happens,
// in generated code too, which no sanitizer sees. Compiled in by -DTFJS_TORCH_GUARD.
//
// A block is 64-byte aligned and pages are not so small: it ends at the page behind it (but for less than 64 bytes), or,
// with TFJS_TORCH_GUARD_AT=start, begins at the page before it. What is left on either side is filled with a pattern and
// looked at when the block is freed. A freed block has no access for as long as the quarantine has room. The values of a
// new block are no numbers, so that one that was never written shows.
//
// A finding is one line in the file $TFJS_TORCH_GUARD_REPORT.<pid>, or on stderr, and ends the process.
#pragma once
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <new>
#include <string>

class GuardedBlocks final : public c10::Allocator {
 public:
  /** Becomes libtorch's CPU allocator. Never destroyed: tensors may outlive everything else. */
  static void install() {
    instance().watchFaults();
    c10::SetCPUAllocator(&instance());
  }

  // libtorch 1.13 declares this const, 2.x does not.
  c10::DataPtr allocate(size_t bytes) const { return const_cast<GuardedBlocks*>(this)->lend(bytes); }
  c10::DataPtr allocate(size_t bytes) { return lend(bytes); }
  c10::DeleterFnPtr raw_deleter() const override { return &takeBack; }
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }  // 2.x

  /** As BlockCache counts them: large blocks only. None is kept. */
  struct Usage { size_t lent, peak, held; };
  static Usage usage() {
    std::lock_guard<std::mutex> lock(instance().mutex_);
    return {instance().lentBytes_, instance().peak_, instance().lentBytes_};
  }
  static void forgetPeak() {
    std::lock_guard<std::mutex> lock(instance().mutex_);
    instance().peak_ = instance().lentBytes_;
  }

  /** Tells what runs from now on, for reports: an operator and its operands. */
  static void note(const std::string& operation) {
    std::lock_guard<std::mutex> lock(instance().mutex_);
    instance().operation_ = operation;
  }

 private:
  static constexpr size_t kPage = 4096;
  static constexpr size_t kGuard = 16 * kPage;  // costs no memory, and a write may go astray by a few rows
  static constexpr size_t kAlignment = 64;      // as libtorch's own allocator, and as oneDNN asks for
  static constexpr size_t kCounted = 1u << 20;
  /** Two mappings a block, of the 65,530 that Linux gives a process; further blocks have the pattern alone. */
  static constexpr size_t kMostGuarded = 24'000;
  static constexpr size_t kQuarantined = 4096;
  static constexpr unsigned char kPattern = 0xA5, kNoNumber = 0xFF;

  /** [start, start + length) is mapped for [data, data + bytes), `guard` bytes at both ends without access. */
  struct Block {
    char* start;
    size_t length, guard;
    char* data;
    size_t bytes;
    std::string maker;
    bool freed = false;
    char* first() const { return start + guard; }
    char* last() const { return start + length - guard; }
  };

  std::mutex mutex_;
  std::map<char*, Block> blocks_;  // by start: lent and quarantined ones
  std::map<void*, char*> starts_;  // of lent blocks, by their data
  std::deque<char*> quarantine_;
  size_t guarded_ = 0, lentBytes_ = 0, peak_ = 0;
  std::string operation_ = "nothing yet";
  const size_t memory_ = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const bool atStart_ = std::getenv("TFJS_TORCH_GUARD_AT") && std::strcmp(std::getenv("TFJS_TORCH_GUARD_AT"), "start") == 0;
  struct sigaction before_ {};

  static GuardedBlocks& instance() {
    static auto* blocks = new GuardedBlocks;
    return *blocks;
  }

  static size_t roundUp(size_t bytes, size_t to) { return (bytes + to - 1) / to * to; }

  c10::DataPtr lend(size_t bytes) {
    char* data = nullptr;
    if (bytes > 0) {
      std::lock_guard<std::mutex> lock(mutex_);
      Block block = create(bytes);
      data = block.data;
      std::memset(block.first(), kPattern, block.data - block.first());
      std::memset(block.data, kNoNumber, bytes);
      std::memset(block.data + bytes, kPattern, block.last() - block.data - bytes);
      block.maker = operation_;
      if (bytes >= kCounted) lentBytes_ += bytes;
      peak_ = std::max(peak_, lentBytes_);
      starts_.emplace(data, block.start);
      blocks_.insert_or_assign(block.start, std::move(block));
    }
    return {data, data, &takeBack, c10::Device(c10::kCPU)};
  }

  Block create(size_t bytes) {
    if (bytes > memory_) throw std::bad_alloc();  // a mapping has no such bound, and filling it would end the machine
    if (guarded_ >= kMostGuarded) return createUnguarded(bytes);
    const size_t length = roundUp(bytes, kPage) + 2 * kGuard;
    void* mapped = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    auto* start = static_cast<char*>(mapped);
    if (mprotect(start + kGuard, length - 2 * kGuard, PROT_READ | PROT_WRITE) != 0) {
      munmap(mapped, length);
      throw std::bad_alloc();
    }
    if (bytes >= kCounted) madvise(start + kGuard, length - 2 * kGuard, MADV_HUGEPAGE);  // 512 page faults the fewer
    guarded_++;
    char* first = start + kGuard;
    char* flushWithEnd = start + length - kGuard - roundUp(bytes, kAlignment);
    return {start, length, kGuard, atStart_ ? first : flushWithEnd, bytes, {}};
  }

  Block createUnguarded(size_t bytes) {
    const size_t length = roundUp(bytes, kAlignment) + 2 * kAlignment;
    auto* start = static_cast<char*>(std::aligned_alloc(kAlignment, length));
    if (!start) throw std::bad_alloc();
    return {start, length, 0, start + kAlignment, bytes, {}};
  }

  static void takeBack(void* data) {
    if (data) instance().retire(data);
  }

  void retire(void* data) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto found = starts_.find(data);
    if (found == starts_.end()) {
      report("a block is freed that is not lent", nullptr, data);
      std::abort();
    }
    Block& block = blocks_.at(found->second);
    starts_.erase(found);
    checkPattern(block);
    if (block.bytes >= kCounted) lentBytes_ -= block.bytes;
    if (block.guard == 0) {
      char* start = block.start;
      blocks_.erase(start);
      std::free(start);
      return;
    }
    guarded_--;
    block.freed = true;
    // Without access and without memory, it is one mapping with the guards on both sides.
    mmap(block.start, block.length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    quarantine_.push_back(block.start);
    if (quarantine_.size() <= kQuarantined) return;
    const auto oldest = blocks_.find(quarantine_.front());
    munmap(oldest->second.start, oldest->second.length);
    blocks_.erase(oldest);
    quarantine_.pop_front();
  }

  /** Of several bytes that changed, the one next to the block. */
  void checkPattern(const Block& block) {
    for (char* at = block.data - 1; at >= block.first(); at--) checkByte(block, at);
    for (char* at = block.data + block.bytes; at < block.last(); at++) checkByte(block, at);
  }

  void checkByte(const Block& block, const char* at) {
    if (static_cast<unsigned char>(*at) == kPattern) return;
    report("written outside a block, as its end shows", &block, at);
    std::abort();
  }

  /** `at` is the wrong address. Used in a signal handler, so it allocates nothing. */
  void report(const char* what, const Block* block, const void* at) {
    char where[160] = "";
    if (block) {
      const long behind = static_cast<const char*>(at) - (block->data + block->bytes);
      const long before = block->data - static_cast<const char*>(at);
      if (before > 0) std::snprintf(where, sizeof where, "%ld bytes before a block of %zu bytes", before, block->bytes);
      else if (behind >= 0) std::snprintf(where, sizeof where, "%ld bytes behind the end of a block of %zu bytes", behind, block->bytes);
      else std::snprintf(where, sizeof where, "in byte %ld of a block of %zu bytes", -before, block->bytes);
    }
    char line[4096];
    const int length = std::snprintf(line, sizeof line, "guard: %s: %s; it was made by %.1500s; running: %.1500s\n", what, where,
                                     block ? block->maker.c_str() : "nobody", operation_.c_str());
    const char* prefix = std::getenv("TFJS_TORCH_GUARD_REPORT");
    int file = STDERR_FILENO;
    if (prefix) {
      char path[1024];
      std::snprintf(path, sizeof path, "%s.%d", prefix, static_cast<int>(getpid()));
      file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
    }
    const auto written = write(file, line, std::min<size_t>(length, sizeof line - 1));
    static_cast<void>(written);
  }

  void watchFaults() {
    struct sigaction action {};
    action.sa_sigaction = &onFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before_);
  }

  /** Reports a fault in or beside a block, and leaves it, as any other, to whoever was here before. */
  static void onFault(int, siginfo_t* info, void*) {
    GuardedBlocks& self = instance();
    auto* address = static_cast<char*>(info->si_addr);
    if (self.mutex_.try_lock()) {  // never held where memory of a block is used
      auto next = self.blocks_.upper_bound(address);
      if (next != self.blocks_.begin()) {
        const Block& block = std::prev(next)->second;
        if (address < block.start + block.length)
          self.report(block.freed ? "access to a freed block" : "access outside a block", &block, address);
      }
      self.mutex_.unlock();
    }
    sigaction(SIGSEGV, &self.before_, nullptr);  // the instruction faults again
  }
};
