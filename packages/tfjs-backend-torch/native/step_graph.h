// A recorded step as a CUDA graph: one launch, where each of its calls would wait for the host.
//
// A graph has addresses built in. Inputs are therefore copied to where they were when it was captured, what is assigned
// to a variable is copied into the variable's own memory, and all external tensors must still be where they were then:
// a variable that was assigned in between, or that another tensor shares, makes the graph void, and it is captured anew.
#pragma once
#include "capture.h"
#include "program.h"

#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace bridge {

class StepGraph {
 public:
  explicit StepGraph(std::shared_ptr<const Program> program)
      : program_(std::move(program)), written_(program_->written()) {}

  /** Why runs are not launched as a graph; nothing where they are. */
  std::string reasonOn(c10::Device device) const { return Capture::possibleOn(device) ? reason_ : Capture::kImpossible; }

  /** As `Program::run`. The first run with the variables where they are goes call by call, as do all that can't be captured. */
  std::vector<at::Tensor> run(Engine& engine, const std::vector<int64_t>& slots, std::vector<at::Tensor> given) {
    if (refused_ || !Capture::possibleOn(engine.device())) return program_->run(engine, slots, std::move(given));
    program_->checkRun(slots.size(), given.size());
    for (int64_t cell : written_) exclusiveIn(engine.slot(slots[cell]), cell, "replay");
    Places places = placesOf(engine, slots);
    if (places != places_) forget();
    takeInputs(engine, given);
    if (capture_ || (warm_ && capture(engine, slots))) {
      capture_->launch();
    } else {
      work(engine, slots);
      if (placesOf(engine, slots) != places) refuse("a variable moves in each run: a view of it is alive when it is written");
      warm_ = true;
    }
    places_ = std::move(places);
    std::vector<at::Tensor> results;
    for (auto& t : outputs_) results.push_back(Program::ownHostCopy(t));
    return results;
  }

 private:
  /** Where each external tensor lies, and how. */
  using Places = std::vector<std::tuple<const void*, at::ScalarType, std::vector<int64_t>>>;

  std::shared_ptr<const Program> program_;
  std::set<int64_t> written_;
  std::unique_ptr<Capture> capture_;
  Places places_;
  std::vector<at::Tensor> inputs_, outputs_;  // where the graph reads and writes
  bool warm_ = false, refused_ = false;       // libraries choose their algorithms in a run before the capture
  std::string reason_ = "it was not launched yet";

  static Places placesOf(Engine& engine, const std::vector<int64_t>& slots) {
    Places places;
    for (int64_t slot : slots) {
      const at::Tensor& t = tensorIn(engine.slot(slot), slot, "replay");
      places.emplace_back(t.data_ptr(), t.scalar_type(), t.strides().vec());
    }
    return places;
  }

  void forget() {
    capture_.reset();
    outputs_.clear();
    warm_ = false;
  }

  void refuse(std::string reason) {
    refused_ = true;
    reason_ = std::move(reason);
  }

  void takeInputs(Engine& engine, const std::vector<at::Tensor>& given) {
    if (inputs_.empty()) {
      for (auto& t : given) inputs_.push_back(at::empty(t.sizes(), at::TensorOptions(t.scalar_type()).device(engine.device())));
    }
    for (size_t i = 0; i < given.size(); i++) inputs_[i].copy_(given[i], /*non_blocking=*/true);
  }

  bool capture(Engine& engine, const std::vector<int64_t>& slots) {
    try {
      auto capture = std::make_unique<Capture>();
      capture->note(engine.device(), [this, &engine, slots] { work(engine, slots); });
      capture_ = std::move(capture);
      reason_.clear();
      return true;
    } catch (const std::exception& error) {
      refuse(messageOf(error));
      return false;
    }
  }

  /** All commands, the outputs into memory of their own, and the assigned values into the variables'. */
  void work(Engine& engine, const std::vector<int64_t>& slots) {
    Program::Frame frame = program_->frameOf(engine, slots, inputs_);
    program_->execute(frame);
    outputs_.clear();
    for (int64_t cell : program_->outputs) outputs_.push_back(tensorIn(frame.at(cell), cell, "replay").clone());
    std::vector<at::Tensor> values;  // all before the first is written: one may be a view of another variable
    for (auto& pair : program_->assigned) {
      const at::Tensor& t = tensorIn(frame.at(pair[1]), pair[1], "replay");
      values.push_back(t.storage().use_count() > 1 ? t.clone() : t);
    }
    for (size_t i = 0; i < values.size(); i++) frame.at(program_->assigned[i][0]).tensor.copy_(values[i]);
  }
};

}  // namespace bridge
