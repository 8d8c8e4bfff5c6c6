// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "link_change.h"

#include "netlink_socket.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

namespace xdpbridge {

namespace {

// Changes one device: fill writes what.
template <typename Fill>
int change_link(std::uint32_t ifindex, const char* doing, const Fill& fill) {
    NetlinkSocket socket(NETLINK_ROUTE, doing);
    NetlinkRequest request(RTM_NEWLINK, 0);
    auto& info = request.header<ifinfomsg>();
    info.ifi_index = static_cast<int>(ifindex);
    fill(request.message(), info);
    return socket.ask(request);
}

} // namespace

int create_veth(const std::string& name, const std::string& peer, const std::optional<Mac>& mac) {
    NetlinkSocket socket(NETLINK_ROUTE, "create a veth");
    NetlinkRequest request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    request.header<ifinfomsg>();
    nlmsghdr* message = request.message();
    mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
    if (mac)
        mnl_attr_put(message, IFLA_ADDRESS, mac->octets.size(), mac->octets.data());
    nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, "veth");
    nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
    nlattr* of_peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
    request.header<ifinfomsg>(); // the peer's, inside of its nest
    mnl_attr_put_strz(message, IFLA_IFNAME, peer.c_str());
    mnl_attr_nest_end(message, of_peer);
    mnl_attr_nest_end(message, data);
    mnl_attr_nest_end(message, info);
    return socket.ask(request);
}

int delete_link(std::uint32_t ifindex) {
    NetlinkSocket socket(NETLINK_ROUTE, "delete a device");
    NetlinkRequest request(RTM_DELLINK, 0);
    request.header<ifinfomsg>().ifi_index = static_cast<int>(ifindex);
    return socket.ask(request);
}

int set_up(std::uint32_t ifindex) {
    return change_link(ifindex, "set a device up", [](nlmsghdr*, ifinfomsg& info) {
        info.ifi_change = info.ifi_flags = IFF_UP;
    });
}

int set_mtu(std::uint32_t ifindex, std::uint32_t mtu) {
    return change_link(ifindex, "set a device's MTU", [mtu](nlmsghdr* message, ifinfomsg&) {
        mnl_attr_put_u32(message, IFLA_MTU, mtu);
    });
}

int set_master(std::uint32_t ifindex, std::uint32_t master) {
    return change_link(ifindex, "enslave a device", [master](nlmsghdr* message, ifinfomsg&) {
        mnl_attr_put_u32(message, IFLA_MASTER, master);
    });
}

int set_no_link_local_address(std::uint32_t ifindex) {
    return change_link(
        ifindex, "set how a device gets its address", [](nlmsghdr* message, ifinfomsg&) {
            nlattr* families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
            nlattr* inet6 = mnl_attr_nest_start(message, AF_INET6);
            mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
            mnl_attr_nest_end(message, inet6);
            mnl_attr_nest_end(message, families);
        });
}

} // namespace xdpbridge
