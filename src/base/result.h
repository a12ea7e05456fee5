#pragma once

// Result<T>: a value, or the foreseen failure that took its place.

#include <string>
#include <utility>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <boost/system/system_error.hpp>

namespace base {

// `code` is what programs decide by (one error enum per folder); `detail` is a whole sentence for a person: what
// was wrong and what to do. It never holds a secret.
struct Error {
  boost::system::error_code code;
  std::string detail;

  std::string message() const { return detail.empty() ? code.message() : detail; }
};

[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  boost::throw_exception(boost::system::system_error(error.code, error.detail), where);
}

template <class T>
using Result = boost::system::result<T, Error>;

template <class Enum>
Error fail(Enum code, std::string detail = {}) {
  return Error{make_error_code(code), std::move(detail)};
}

}  // namespace base
