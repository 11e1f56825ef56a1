// Promises of tensors, computed in the order of commands and handed to the JavaScript thread.
#pragma once
#include "engine.h"
#include "node_values.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bridge {

/** What a promise waits for: tensors that the engine thread hands to the JavaScript thread, or an error. */
struct Reply {
  napi_deferred deferred = nullptr;
  std::vector<at::Tensor> tensors;
  napi_value (*toValue)(napi_env, const std::vector<at::Tensor>&);
  std::string error;
};

/** A promise of `compute`'s tensors, which runs in the order of commands, as `toValue` makes of them. */
inline napi_value promiseOf(napi_env env, Engine& engine, std::function<std::vector<at::Tensor>()> compute,
                     napi_value (*toValue)(napi_env, const std::vector<at::Tensor>&)) {
  // Goes with the command when the process ends before it runs; a task must be copyable, so a unique_ptr alone won't do.
  auto owner = std::make_shared<std::unique_ptr<Reply>>(new Reply);
  (*owner)->toValue = toValue;
  napi_value promise;
  if (napi_create_promise(env, &(*owner)->deferred, &promise) != napi_ok) fail("no promise");
  if (engine.pendingReplies++ == 0) napi_ref_threadsafe_function(env, engine.onReply);
  Command command;
  command.task = [&engine, owner, compute = std::move(compute)] {
    Reply* reply = owner->get();
    try {
      reply->tensors = compute();
    } catch (const std::exception& error) {
      reply->error = messageOf(error);
    }
    // Given away before: the JavaScript thread may have taken and deleted it when the call returns.
    owner->release();
    if (napi_call_threadsafe_function(engine.onReply, reply, napi_tsfn_nonblocking) != napi_ok) delete reply;
  };
  engine.submit(std::move(command));
  return promise;
}

inline void finishReply(napi_env env, napi_value, void* context, void* data) {
  std::unique_ptr<Reply> reply(static_cast<Reply*>(data));
  if (!env) return;  // the environment is being torn down
  auto& engine = *static_cast<Engine*>(context);
  if (--engine.pendingReplies == 0) napi_unref_threadsafe_function(env, engine.onReply);
  if (reply->error.empty()) {
    try {
      napi_resolve_deferred(env, reply->deferred, reply->toValue(env, reply->tensors));
      return;
    } catch (const std::exception& error) {
      reply->error = error.what();
    }
  }
  napi_value message, error;
  napi_create_string_utf8(env, reply->error.c_str(), reply->error.size(), &message);
  napi_create_error(env, nullptr, message, &error);
  napi_reject_deferred(env, reply->deferred, error);
}

}  // namespace bridge
