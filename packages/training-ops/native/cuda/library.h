// Functions of a library that is opened when it is needed.
#pragma once
#include "error.h"

#include <dlfcn.h>

#include <initializer_list>
#include <string>

namespace training_ops::cuda {

class Library {
 public:
  /** The first of the names that can be opened. @throws KernelError */
  Library(const char* what, std::initializer_list<std::string> names) : what_(what) {
    std::string problems;
    for (const auto& name : names) {
      handle_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (handle_) return;
      problems += std::string(problems.empty() ? "" : "; ") + dlerror();
    }
    throw KernelError(what_ + " cannot be opened: " + problems);
  }

  /** Sets `function` to the one of that name, which the library or one that came with it has. @throws KernelError */
  template <class Function>
  void find(Function*& function, const char* name) const {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
    if (!function) throw KernelError(what_ + " has no " + name);
  }

 private:
  std::string what_;
  void* handle_ = nullptr;
};

}  // namespace training_ops::cuda
