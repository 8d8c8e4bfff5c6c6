// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "capabilities.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace xdpbridge {

namespace {

// "" if it is not for want of a capability.
std::string lacking() {
    const auto missing = missing_capabilities();
    return missing.empty() ? "" : fmt::format("; without {}", fmt::join(missing, ", "));
}

std::string one_line(int errno_value, const std::string& doing, const std::string& reason,
                     const std::string& hint) {
    std::string line =
        fmt::format("cannot {}: {}", doing,
                    reason.empty() ? std::generic_category().message(errno_value) : reason);
    if (!hint.empty())
        line += "; " + hint;
    else if (errno_value == EPERM || errno_value == EACCES)
        line += lacking() + "; run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
    return printable(line);
}

} // namespace

std::string printable(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f)
            line += fmt::format("\\x{:02x}", byte);
        else
            line += c;
    }
    return line;
}

Error::Error(int errno_value, const std::string& doing, const std::string& reason,
             const std::string& hint, std::string detail)
    : std::system_error(errno_value, std::generic_category()),
      line_(one_line(errno_value, doing, reason, hint)),
      detail_(std::move(detail)) {}

} // namespace xdpbridge
