// A recorded step: calls on cells, run one after the other by one command.
//
// A cell is to a program what a slot is to the engine. Cells are numbered: external ones, which are slots of the engine for
// the run; inputs, given for each run; constants; and last those that only the program sees. A cell is emptied after the
// last command that mentions it, so memory goes from one operator to the next while it is still in the processor's cache.
#pragma once
#include "engine.h"

#include <memory>
#include <set>
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
  /** The cells of one run: external ones are the engine's slots. */
  struct Frame {
    Engine& engine;
    const std::vector<int64_t>& slots;
    std::vector<Slot> own;
    Slot& at(int64_t cell) {
      const auto externals = static_cast<int64_t>(slots.size());
      return cell < externals ? engine.slot(slots[cell]) : own[cell - externals];
    }
  };

  int64_t cells, externals, inputs;
  std::vector<at::Tensor> constants;
  std::vector<Command> commands;
  std::vector<std::vector<int64_t>> assigned;  // pairs: external cell, and the cell whose tensor it has in the end
  std::vector<int64_t> outputs;

  /** @throws std::runtime_error where a cell is out of range: what `run` does not look at again */
  void check() const {
    auto known = [this](int64_t cell) {
      if (cell < 0 || cell >= cells) throw std::runtime_error("compile: no cell " + std::to_string(cell));
    };
    int64_t given = externals + inputs + static_cast<int64_t>(constants.size());
    if (externals < 0 || inputs < 0 || cells < given) throw std::runtime_error("compile: too few cells");
    for (auto& [call, dead] : commands) {
      for (size_t i = 0; i < call.op->resultCount; i++) if (call.results[i] >= 0) known(call.results[i]);
      for (auto& tensor : call.tensors) known(tensor.second);
      for (auto& list : call.lists) for (int cell : list.second) known(cell);
      for (int64_t cell : dead) known(cell);
    }
    for (auto& pair : assigned) {
      if (pair.size() != 2 || pair[0] >= externals) throw std::runtime_error("compile: only external cells are assigned");
      for (int64_t cell : pair) known(cell);
    }
    for (int64_t cell : outputs) known(cell);
  }

  void checkRun(size_t slots, size_t given) const {
    if (static_cast<int64_t>(slots) != externals || static_cast<int64_t>(given) != inputs) {
      throw std::runtime_error("replay: wrong number of slots or inputs");
    }
  }

  /** External cells that the program writes to. */
  std::set<int64_t> written() const {
    std::set<int64_t> cells;
    const auto add = [&](int64_t cell) { if (cell < externals) cells.insert(cell); };
    for (auto& pair : assigned) add(pair[0]);
    for (auto& [call, dead] : commands) {
      for (auto& [argument, cell] : call.tensors) if (call.op->arguments[argument].written) add(cell);
      for (auto& [argument, list] : call.lists) {
        if (call.op->arguments[argument].written) for (int cell : list) add(cell);
      }
    }
    return cells;
  }

  /** A frame with the constants and with `given`, which are on the device. */
  Frame frameOf(Engine& engine, const std::vector<int64_t>& slots, std::vector<at::Tensor> given) const {
    Frame frame{engine, slots, std::vector<Slot>(cells - externals)};
    for (int64_t i = 0; i < inputs; i++) frame.own[i].tensor = std::move(given[i]);
    for (size_t i = 0; i < constants.size(); i++) frame.own[inputs + i].tensor = constants[i];
    return frame;
  }

  /** @throws std::runtime_error what the first failing operator says; what operators wrote in place stays written */
  void execute(Frame& frame) const {
    auto slotAt = [&](int64_t cell) -> Slot& { return frame.at(cell); };
    for (auto& [call, dead] : commands) {
      frame.engine.calls++;
      try {
        invoke(call, call.values, slotAt);
      } catch (const std::exception& error) {
        throw std::runtime_error(failureOf(call, error, slotAt));
      }
      for (int64_t cell : dead) frame.at(cell) = Slot();
    }
  }

  /**
   * Runs the commands on the engine's `slots` and on `given`, and returns the outputs in the host's memory.
   * @throws std::runtime_error as `execute`; nothing is assigned then
   */
  std::vector<at::Tensor> run(Engine& engine, const std::vector<int64_t>& slots, std::vector<at::Tensor> given) const {
    checkRun(slots.size(), given.size());
    for (auto& t : given) t = engine.toDevice(std::move(t));
    Frame frame = frameOf(engine, slots, std::move(given));
    execute(frame);
    std::vector<at::Tensor> results;
    for (int64_t cell : outputs) results.push_back(tensorIn(frame.at(cell), cell, "replay"));
    for (auto& pair : assigned) frame.at(pair[0]) = Slot(frame.at(pair[1]));  // after the outputs: one may be a former value
    frame.own.clear();
    for (auto& t : results) t = ownHostCopy(std::move(t));
    return results;
  }

  /** In the host's memory, shared with nothing that a later command could change. */
  static at::Tensor ownHostCopy(at::Tensor t) {
    at::Tensor copy = hostCopy(std::move(t));
    return copy.storage().use_count() > 1 ? copy.clone() : copy;
  }
};

}  // namespace bridge
