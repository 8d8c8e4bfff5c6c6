// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "gateway.h"

#include "netlink_socket.h"

#include <cerrno>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace xdpbridge {

namespace {

struct KernelNeighbour {
    bool found = false;
    bool for_good = false;
    bool managed = false;
};

NetlinkRequest neighbour_request(std::uint16_t type, std::uint16_t flags, std::uint32_t ifindex,
                                 const Ip& ip) {
    NetlinkRequest request(type, flags);
    auto& header = request.header<ndmsg>();
    header.ndm_family = ip.is_ipv4() ? AF_INET : AF_INET6;
    header.ndm_ifindex = static_cast<int>(ifindex);
    const std::size_t first = ip.is_ipv4() ? 12 : 0;
    mnl_attr_put(request.message(), NDA_DST, ip.octets.size() - first, &ip.octets[first]);
    return request;
}

KernelNeighbour find_neighbour(NetlinkSocket& socket, std::uint32_t ifindex, const Ip& ip) {
    auto request = neighbour_request(RTM_GETNEIGH, 0, ifindex, ip);
    KernelNeighbour neighbour;
    socket.ask(request, [&](const nlmsghdr* message) {
        const auto* header = static_cast<const ndmsg*>(mnl_nlmsg_get_payload(message));
        neighbour.found = true;
        neighbour.for_good = (header->ndm_state & (NUD_PERMANENT | NUD_NOARP)) != 0;
        for_each_attribute(message, sizeof(*header), [&](std::uint16_t type, const nlattr* a) {
            if (type == NDA_FLAGS_EXT)
                neighbour.managed = (mnl_attr_get_u32(a) & NTF_EXT_MANAGED) != 0;
        });
    });
    return neighbour;
}

} // namespace

int keep_gateway(std::uint32_t ifindex, const Ip& gateway) {
    NetlinkSocket socket(NETLINK_ROUTE, "keep a gateway known to the kernel");
    const auto known = find_neighbour(socket, ifindex, gateway);
    if (known.for_good || known.managed)
        return 0;
    auto request = neighbour_request(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, ifindex, gateway);
    mnl_attr_put_u32(request.message(), NDA_FLAGS_EXT, NTF_EXT_MANAGED);
    return socket.ask(request);
}

void drop_gateway(std::uint32_t ifindex, const Ip& gateway) {
    NetlinkSocket socket(NETLINK_ROUTE, "forget a gateway");
    if (!find_neighbour(socket, ifindex, gateway).managed)
        return;
    auto request = neighbour_request(RTM_DELNEIGH, 0, ifindex, gateway);
    socket.ask(request);
}

} // namespace xdpbridge
