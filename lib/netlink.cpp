// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netlink.h"

#include "fd.h"
#include "netlink_socket.h"

#include <xdpbridge/error.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace xdpbridge {

namespace {

// include/uapi/linux/netdev.h, which Debian 12's headers are too old for.
constexpr std::uint8_t netdev_cmd_dev_get = 1;
constexpr std::uint16_t netdev_a_dev_ifindex = 1;
constexpr std::uint16_t netdev_a_dev_xdp_features = 3;
constexpr std::uint64_t xdp_act_basic = 1, xdp_act_ndo_xmit = 4, xdp_act_ndo_xmit_sg = 64;

void read_info(Link& link, const nlattr* info) {
    for_each_attribute(info, [&](std::uint16_t type, const nlattr* attribute) {
        if (type == IFLA_INFO_KIND)
            link.kind = mnl_attr_get_str(attribute);
        else if (type == IFLA_INFO_DATA && link.kind == "tun") // KIND comes first
            for_each_attribute(attribute, [&](std::uint16_t of_tun, const nlattr* value) {
                if (of_tun == IFLA_TUN_VNET_HDR)
                    link.vnet_hdr = mnl_attr_get_u8(value) != 0;
            });
    });
}

void read_attribute(Link& link, std::uint16_t type, const nlattr* attribute) {
    switch (type) {
    case IFLA_IFNAME:
        link.name = mnl_attr_get_str(attribute);
        break;
    case IFLA_MTU:
        link.mtu = mnl_attr_get_u32(attribute);
        break;
    case IFLA_LINK:
        link.peer = mnl_attr_get_u32(attribute);
        break;
    case IFLA_LINK_NETNSID:
        link.peer_is_elsewhere = true;
        break;
    case IFLA_ADDRESS:
        if (mnl_attr_get_payload_len(attribute) == link.mac.octets.size())
            std::memcpy(link.mac.octets.data(), mnl_attr_get_payload(attribute),
                        link.mac.octets.size());
        break;
    case IFLA_CARRIER:
        link.carrier = mnl_attr_get_u8(attribute) != 0;
        break;
    case IFLA_MASTER:
        link.master = mnl_attr_get_u32(attribute);
        break;
    case IFLA_NUM_RX_QUEUES:
        link.rx_queues = mnl_attr_get_u32(attribute);
        break;
    case IFLA_NUM_TX_QUEUES:
        link.tx_queues = mnl_attr_get_u32(attribute);
        break;
    case IFLA_STATS64:
        // Netlink aligns to 4 bytes only.
        std::memcpy(&link.tx_dropped,
                    static_cast<const char*>(mnl_attr_get_payload(attribute)) +
                        offsetof(rtnl_link_stats64, tx_dropped),
                    sizeof(link.tx_dropped));
        break;
    case IFLA_LINKINFO:
        read_info(link, attribute);
        break;
    case IFLA_XDP:
        for_each_attribute(attribute, [&](std::uint16_t of_xdp, const nlattr* value) {
            if (of_xdp == IFLA_XDP_PROG_ID)
                link.xdp_prog_id = mnl_attr_get_u32(value);
        });
        break;
    default:
        break;
    }
}

std::optional<Link> get_link(std::uint32_t ifindex, const std::string& name) {
    const std::string doing =
        "look up interface '" + (name.empty() ? std::to_string(ifindex) : name) + "'";
    NetlinkSocket socket(NETLINK_ROUTE, doing);
    NetlinkRequest request(RTM_GETLINK, 0);
    request.header<ifinfomsg>().ifi_index = static_cast<int>(ifindex);
    if (!name.empty())
        mnl_attr_put_strz(request.message(), IFLA_IFNAME, name.c_str());

    Link link;
    const int err = socket.ask(request, [&](const nlmsghdr* message) {
        const auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
        link.ifindex = static_cast<std::uint32_t>(info->ifi_index);
        link.up = (info->ifi_flags & IFF_UP) != 0;
        link.loopback = (info->ifi_flags & IFF_LOOPBACK) != 0;
        link.promiscuous = (info->ifi_flags & IFF_PROMISC) != 0;
        for_each_attribute(message, sizeof(*info), [&](std::uint16_t type, const nlattr* a) {
            read_attribute(link, type, a);
        });
    });
    if (err == ENODEV)
        return std::nullopt;
    if (err != 0)
        throw Error(err, doing);
    return link;
}

// A generic netlink message for one command.
NetlinkRequest generic_request(std::uint16_t family, std::uint8_t command) {
    NetlinkRequest request(family, 0);
    auto& header = request.header<genlmsghdr>();
    header.cmd = command;
    header.version = 1;
    return request;
}

void put_ethtool_device(nlmsghdr* message, std::uint32_t ifindex) {
    nlattr* header = mnl_attr_nest_start(message, ETHTOOL_A_FEATURES_HEADER);
    mnl_attr_put_u32(message, ETHTOOL_A_HEADER_DEV_INDEX, ifindex);
    mnl_attr_nest_end(message, header);
}

void read_bits(const nlattr* bitset, std::set<std::string>& names) {
    for_each_attribute(bitset, [&](std::uint16_t type, const nlattr* bits) {
        if (type != ETHTOOL_A_BITSET_BITS)
            return;
        for_each_attribute(bits, [&](std::uint16_t, const nlattr* bit) {
            for_each_attribute(bit, [&](std::uint16_t of_bit, const nlattr* value) {
                if (of_bit == ETHTOOL_A_BITSET_BIT_NAME)
                    names.insert(mnl_attr_get_str(value));
            });
        });
    });
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

std::optional<XdpFeatures> xdp_features(std::uint32_t ifindex) {
    NetlinkSocket socket(NETLINK_GENERIC, "ask what a device's XDP can do");
    const auto family = socket.family("netdev");
    if (family == 0)
        return std::nullopt;
    auto request = generic_request(family, netdev_cmd_dev_get);
    mnl_attr_put_u32(request.message(), netdev_a_dev_ifindex, ifindex);
    std::optional<XdpFeatures> features;
    socket.ask(request, [&](const nlmsghdr* message) {
        for_each_attribute(message, sizeof(genlmsghdr), [&](std::uint16_t type, const nlattr* a) {
            if (type != netdev_a_dev_xdp_features)
                return;
            const auto bits = mnl_attr_get_u64(a);
            features = {(bits & xdp_act_basic) != 0, (bits & xdp_act_ndo_xmit) != 0,
                        (bits & xdp_act_ndo_xmit_sg) != 0};
        });
    });
    return features;
}

std::set<std::string> active_features(std::uint32_t ifindex) {
    NetlinkSocket socket(NETLINK_GENERIC, "ask for a device's features");
    auto request = generic_request(socket.family(ETHTOOL_GENL_NAME), ETHTOOL_MSG_FEATURES_GET);
    put_ethtool_device(request.message(), ifindex);
    std::set<std::string> names;
    socket.ask(request, [&](const nlmsghdr* message) {
        for_each_attribute(message, sizeof(genlmsghdr), [&](std::uint16_t type, const nlattr* a) {
            if (type == ETHTOOL_A_FEATURES_ACTIVE)
                read_bits(a, names);
        });
    });
    return names;
}

// Not in ethtool netlink: the old way is the only one.
std::string driver_of(const std::string& device) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    device.copy(static_cast<char*>(request.ifr_name), IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&info);
    const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!socket || ::ioctl(socket.get(), SIOCETHTOOL, &request) != 0)
        return {};
    return {info.driver, ::strnlen(info.driver, sizeof(info.driver))};
}

int set_promiscuous(std::uint32_t ifindex, bool on) {
    NetlinkSocket socket(NETLINK_ROUTE, "set a device's promiscuity");
    NetlinkRequest request(RTM_NEWLINK, 0);
    auto& info = request.header<ifinfomsg>();
    info.ifi_index = static_cast<int>(ifindex);
    info.ifi_change = IFF_PROMISC;
    info.ifi_flags = on ? IFF_PROMISC : 0;
    return socket.ask(request);
}

int set_feature(std::uint32_t ifindex, const char* feature, bool on) {
    NetlinkSocket socket(NETLINK_GENERIC, "set a device's features");
    auto request = generic_request(socket.family(ETHTOOL_GENL_NAME), ETHTOOL_MSG_FEATURES_SET);
    nlmsghdr* message = request.message();
    put_ethtool_device(message, ifindex);
    nlattr* wanted = mnl_attr_nest_start(message, ETHTOOL_A_FEATURES_WANTED);
    nlattr* bits = mnl_attr_nest_start(message, ETHTOOL_A_BITSET_BITS);
    nlattr* bit = mnl_attr_nest_start(message, ETHTOOL_A_BITSET_BITS_BIT);
    mnl_attr_put_strz(message, ETHTOOL_A_BITSET_BIT_NAME, feature);
    if (on)
        mnl_attr_put(message, ETHTOOL_A_BITSET_BIT_VALUE, 0, nullptr);
    mnl_attr_nest_end(message, bit);
    mnl_attr_nest_end(message, bits);
    mnl_attr_nest_end(message, wanted);
    return socket.ask(request);
}

} // namespace xdpbridge
