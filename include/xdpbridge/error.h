// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <string>
#include <string_view>
#include <system_error>

namespace xdpbridge {

// Text that came from outside, for one line of a terminal: control characters as \x0a and the
// like.
[[nodiscard]] std::string printable(std::string_view text);

// Every exception this library throws on purpose. what() is one line that says what was being done,
// on which object, what was wrong and how to mend it; code() is the errno, in
// std::generic_category().
class Error : public std::system_error {
  public:
    // doing: "add port 'veth1' to bridge 'br0'". reason: empty for the errno's own text.
    // detail: text of many lines that is not part of what(), such as a verifier log.
    Error(int errno_value, const std::string& doing, const std::string& reason = {},
          const std::string& hint = {}, std::string detail = {});

    [[nodiscard]] const char* what() const noexcept override { return line_.c_str(); }
    [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

  private:
    std::string line_;
    std::string detail_;
};

} // namespace xdpbridge
