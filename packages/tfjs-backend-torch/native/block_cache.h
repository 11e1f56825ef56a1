// Keeps large blocks of freed tensors for the next tensor of the same size, in huge pages.
//
// A training step allocates the same sizes again and again; malloc gives blocks of megabytes back to the system, and
// every step pays for the same page faults. Invariant: what is lent plus what is kept never exceeds the most that was
// ever lent at once, so the cache costs no peak memory.
#pragma once
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

class BlockCache final : public c10::Allocator {
 public:
  /** Becomes libtorch's CPU allocator. Never destroyed: tensors may outlive everything else. */
  static void install() { c10::SetCPUAllocator(&instance()); }

  // libtorch 1.13 declares this const, 2.x does not.
  c10::DataPtr allocate(size_t bytes) const { return const_cast<BlockCache*>(this)->lend(bytes); }
  c10::DataPtr allocate(size_t bytes) { return lend(bytes); }
  /** Takes small blocks too: oneDNN's scratch memory comes and goes through this pair. */
  c10::DeleterFnPtr raw_deleter() const override { return &takeBack; }
  /** Bytes in large blocks: lent now, the most that was lent at once since `forgetPeak`, and lent or kept now. */
  struct Usage { size_t lent, peak, held; };
  static Usage usage() {
    std::lock_guard<std::mutex> lock(instance().mutex_);
    return {instance().lentBytes_, instance().peak_, instance().lentBytes_ + instance().keptBytes_};
  }

  /** Counts the peak anew, and keeps no more than that: for when what follows needs less than what was before. */
  static void forgetPeak() {
    BlockCache& cache = instance();
    std::lock_guard<std::mutex> lock(cache.mutex_);
    cache.peak_ = cache.lentBytes_;
    cache.makeRoomFor(0);
  }

  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }  // 2.x

 private:
  static constexpr size_t kHugePage = 2u << 20;
  static constexpr size_t kSmallest = 1u << 20;  // smaller blocks are malloc's

  std::mutex mutex_;
  std::multimap<size_t, void*> kept_;
  std::unordered_map<void*, size_t> lent_;
  size_t lentBytes_ = 0, keptBytes_ = 0, peak_ = 0;

  static BlockCache& instance() {
    static auto* cache = new BlockCache;
    return *cache;
  }

  c10::DataPtr lend(size_t bytes) {
    if (bytes < kSmallest) return c10::GetDefaultCPUAllocator()->allocate(bytes);
    size_t size = (bytes + kHugePage - 1) / kHugePage * kHugePage;
    std::lock_guard<std::mutex> lock(mutex_);
    void* data = nullptr;
    auto found = kept_.find(size);
    if (found != kept_.end()) {
      data = found->second;
      kept_.erase(found);
      keptBytes_ -= size;
    } else {
      makeRoomFor(size);
      data = create(size);
    }
    lent_.emplace(data, size);
    lentBytes_ += size;
    peak_ = std::max(peak_, lentBytes_);
    return {data, data, &takeBack, c10::Device(c10::kCPU)};
  }

  void* create(size_t size) {
    void* data = std::aligned_alloc(kHugePage, size);
    if (!data) {
      freeKept(0);
      data = std::aligned_alloc(kHugePage, size);
    }
    if (!data) throw std::bad_alloc();
    madvise(data, size, MADV_HUGEPAGE);  // advice: where it is refused, ordinary pages do
    return data;
  }

  /** Frees kept blocks until another `size` bytes keep the invariant. */
  void makeRoomFor(size_t size) {
    size_t most = std::max(peak_, lentBytes_ + size);
    freeKept(most - lentBytes_ - size);
  }

  /** Frees kept blocks, largest first, until at most `bytes` are kept. */
  void freeKept(size_t bytes) {
    while (keptBytes_ > bytes) {
      auto last = std::prev(kept_.end());
      keptBytes_ -= last->first;
      std::free(last->second);
      kept_.erase(last);
    }
  }

  static void takeBack(void* data) {
    BlockCache& cache = instance();
    {
      std::lock_guard<std::mutex> lock(cache.mutex_);
      auto found = cache.lent_.find(data);
      if (found != cache.lent_.end()) {
        size_t size = found->second;
        cache.lent_.erase(found);
        cache.lentBytes_ -= size;
        cache.keptBytes_ += size;
        cache.kept_.emplace(size, data);
        return;
      }
    }
    c10::GetDefaultCPUAllocator()->raw_deallocate(data);
  }
};
