// What goes wrong between an operator and its kernels.
#pragma once
#include <stdexcept>
#include <string>

namespace training_ops::cuda {

/** A kernel that could not be compiled, loaded or launched; or what these need is not on the machine. */
struct KernelError : std::runtime_error {
  /** What the compiler said, if it was asked. */
  std::string log;
  explicit KernelError(const std::string& what, std::string log = "")
      : std::runtime_error(log.empty() ? what : what + ":\n" + log), log(std::move(log)) {}
};

}  // namespace training_ops::cuda
