// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#pragma once
#include <cstdint>
#include <functional>
#include <libmnl/libmnl.h>
#include <memory>
#include <string>
#include <vector>

namespace xdpbridge {

// A netlink message under construction.
class NetlinkRequest {
  public:
    NetlinkRequest(std::uint16_t type, std::uint16_t flags);
    // The family's own header, zeroed.
    template <typename Header>
    Header& header() {
        return *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header)));
    }
    [[nodiscard]] nlmsghdr* message() noexcept { return message_; }

  private:
    std::vector<char> buffer_;
    nlmsghdr* message_;
};

// A netlink socket in the calling thread's network namespace.
class NetlinkSocket {
  public:
    // bus: NETLINK_ROUTE or NETLINK_GENERIC. doing goes into the Errors.
    NetlinkSocket(int bus, std::string doing);

    // Sends the request and shows every message of the answer to visit. Returns 0, or the errno
    // with which the kernel refused. Throws Error when there is no talking to the kernel.
    int ask(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit = {});

    // A request of a generic netlink family; its id is asked for once. 0: there is no such family.
    std::uint16_t family(const char* name);

  private:
    struct Closer {
        void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
    };
    std::unique_ptr<mnl_socket, Closer> socket_;
    std::string doing_;
    std::uint32_t sequence_ = 0;
};

// Calls visit(type, attribute) for each attribute behind a header of that size, or in a nest.
void for_each_attribute(const nlmsghdr* message, std::size_t header_size,
                        const std::function<void(std::uint16_t, const nlattr*)>& visit);
void for_each_attribute(const nlattr* nest,
                        const std::function<void(std::uint16_t, const nlattr*)>& visit);

} // namespace xdpbridge
