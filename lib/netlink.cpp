// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netlink.h"

#include <xdpbridge/error.h>

#include <array>
#include <cerrno>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <memory>
#include <net/if.h>

namespace xdpbridge {

namespace {

struct SocketCloser {
    void operator()(mnl_socket* socket) const noexcept { mnl_socket_close(socket); }
};

int parse_info(const nlattr* attr, void* data) {
    if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
        static_cast<Link*>(data)->kind = mnl_attr_get_str(attr);
    return MNL_CB_OK;
}

int parse_xdp(const nlattr* attr, void* data) {
    if (mnl_attr_get_type(attr) == IFLA_XDP_PROG_ID)
        static_cast<Link*>(data)->xdp_prog_id = mnl_attr_get_u32(attr);
    return MNL_CB_OK;
}

int parse_attribute(const nlattr* attr, void* data) {
    auto* link = static_cast<Link*>(data);
    switch (mnl_attr_get_type(attr)) {
    case IFLA_IFNAME:
        link->name = mnl_attr_get_str(attr);
        break;
    case IFLA_MTU:
        link->mtu = mnl_attr_get_u32(attr);
        break;
    case IFLA_MASTER:
        link->master = mnl_attr_get_u32(attr);
        break;
    case IFLA_LINKINFO:
        return mnl_attr_parse_nested(attr, parse_info, data);
    case IFLA_XDP:
        return mnl_attr_parse_nested(attr, parse_xdp, data);
    default:
        break;
    }
    return MNL_CB_OK;
}

int parse_link(const nlmsghdr* message, void* data) {
    const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
    auto* link = static_cast<Link*>(data);
    link->ifindex = static_cast<std::uint32_t>(info->ifi_index);
    link->up = (info->ifi_flags & IFF_UP) != 0;
    link->loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
    return mnl_attr_parse(message, sizeof(*info), parse_attribute, data);
}

std::optional<Link> get_link(std::uint32_t ifindex, const std::string& name) {
    const std::string doing =
        "look up interface '" + (name.empty() ? std::to_string(ifindex) : name) + "'";
    // A link message with all its statistics and per-VF attributes can exceed the usual 8 KiB.
    alignas(nlmsghdr) std::array<char, 32768> buffer{};

    const std::unique_ptr<mnl_socket, SocketCloser> socket(
        mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC));
    if (!socket || mnl_socket_bind(socket.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        throw Error(errno, doing);

    nlmsghdr* request = mnl_nlmsg_put_header(buffer.data());
    request->nlmsg_type = RTM_GETLINK;
    request->nlmsg_flags = NLM_F_REQUEST;
    request->nlmsg_seq = 1;
    auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(request, sizeof(ifinfomsg)));
    info->ifi_index = static_cast<int>(ifindex);
    if (!name.empty())
        mnl_attr_put_strz(request, IFLA_IFNAME, name.c_str());
    if (mnl_socket_sendto(socket.get(), request, request->nlmsg_len) < 0)
        throw Error(errno, doing);

    Link link;
    const auto length = mnl_socket_recvfrom(socket.get(), buffer.data(), buffer.size());
    if (length < 0)
        throw Error(errno, doing);
    if (mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), 1,
                   mnl_socket_get_portid(socket.get()), parse_link, &link) < 0) {
        if (errno == ENODEV)
            return std::nullopt;
        throw Error(errno, doing);
    }
    return link;
}

} // namespace

std::optional<Link> link_by_name(const std::string& name) {
    if (name.empty() || name.size() >= IFNAMSIZ)
        return std::nullopt;
    return get_link(0, name);
}

std::optional<Link> link_by_index(std::uint32_t ifindex) {
    if (ifindex == 0)
        return std::nullopt;
    return get_link(ifindex, {});
}

} // namespace xdpbridge
