// A recorded step: calls on cells, run one after the other by one command.
//
// A cell is to a program what a slot is to the engine. Cells are numbered: outside ones, which lend a slot for the run;
// inputs, given for each run; constants; and last those that only the program sees. A cell is emptied after the last
// command that mentions it, so memory goes from one operator to the next while it is still in the processor's cache.
#pragma once
#include "engine.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace bridge {

struct Program {
  struct Command {
    Call call;
    std::vector<int64_t> dead;  // cells that no later command mentions
  };

  int64_t cells, outside, inputs;
  std::vector<at::Tensor> constants;
  std::vector<Command> commands;
  std::vector<std::vector<int64_t>> assigned;  // pairs: outside cell, and the cell whose tensor it has in the end
  std::vector<int64_t> outputs;

  /** @throws std::runtime_error where a cell is out of range: what `run` does not look at again */
  void check() const {
    auto known = [this](int64_t cell) {
      if (cell < 0 || cell >= cells) throw std::runtime_error("compile: no cell " + std::to_string(cell));
    };
    int64_t given = outside + inputs + static_cast<int64_t>(constants.size());
    if (outside < 0 || inputs < 0 || cells < given) throw std::runtime_error("compile: too few cells");
    for (auto& [call, dead] : commands) {
      for (size_t i = 0; i < call.op->resultCount; i++) if (call.results[i] >= 0) known(call.results[i]);
      for (auto& tensor : call.tensors) known(tensor.second);
      for (auto& list : call.lists) for (int cell : list.second) known(cell);
      for (int64_t cell : dead) known(cell);
    }
    for (auto& pair : assigned) {
      if (pair.size() != 2 || pair[0] >= outside) throw std::runtime_error("compile: only outside cells are assigned");
      for (int64_t cell : pair) known(cell);
    }
    for (int64_t cell : outputs) known(cell);
  }

  /**
   * Runs the commands on the engine's slots `lent` and on `given`, and returns the outputs in the host's memory.
   * @throws std::runtime_error what the first failing operator says; nothing is assigned then, but what operators have
   *   written in place stays written
   */
  std::vector<at::Tensor> run(Engine& engine, const std::vector<int64_t>& lent, std::vector<at::Tensor> given) const {
    if (static_cast<int64_t>(lent.size()) != outside || static_cast<int64_t>(given.size()) != inputs) {
      throw std::runtime_error("replay: wrong number of slots or inputs");
    }
    std::vector<Slot> frame(cells - outside);
    for (int64_t i = 0; i < inputs; i++) frame[i].tensor = engine.toDevice(std::move(given[i]));
    for (size_t i = 0; i < constants.size(); i++) frame[inputs + i].tensor = constants[i];
    auto slotAt = [&](int64_t cell) -> Slot& {
      return cell < outside ? engine.slot(lent[cell]) : frame[cell - outside];
    };
    for (auto& [call, dead] : commands) {
      engine.calls++;
      try {
        invoke(call, call.values, slotAt);
      } catch (const std::exception& error) {
        throw std::runtime_error(failureOf(call, error, slotAt));
      }
      for (int64_t cell : dead) slotAt(cell) = Slot();
    }
    std::vector<at::Tensor> results;
    for (int64_t cell : outputs) results.push_back(tensorIn(slotAt(cell), cell, "replay"));
    for (auto& pair : assigned) slotAt(pair[0]) = Slot(slotAt(pair[1]));  // after the outputs: one may be a former value
    frame.clear();
    for (auto& t : results) t = ownHostCopy(std::move(t));
    return results;
  }

 private:
  /** In the host's memory, shared with nothing that a later command could change. */
  static at::Tensor ownHostCopy(at::Tensor t) {
    at::Tensor copy = hostCopy(std::move(t));
    return copy.storage().use_count() > 1 ? copy.clone() : copy;
  }
};

}  // namespace bridge
