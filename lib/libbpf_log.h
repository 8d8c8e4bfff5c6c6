// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <string>

namespace xdpbridge {

// Keeps what libbpf and libxdp say on this thread, verifier logs included, instead of letting them
// write to stderr; it goes into the Error that explains the failure. The application's own print
// functions are back in place when this object goes.
class LibbpfLog {
  public:
    LibbpfLog();
    LibbpfLog(const LibbpfLog&) = delete;
    LibbpfLog& operator=(const LibbpfLog&) = delete;
    ~LibbpfLog();
    [[nodiscard]] const std::string& text() const noexcept;
};

} // namespace xdpbridge
