// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "netlink_socket.h"

#include <xdpbridge/error.h>

#include <array>
#include <cerrno>
#include <linux/genetlink.h>

namespace xdpbridge {

namespace {

using Visit = std::function<void(std::uint16_t, const nlattr*)>;

int visit_attribute(const nlattr* attribute, void* visit) {
    (*static_cast<const Visit*>(visit))(mnl_attr_get_type(attribute), attribute);
    return MNL_CB_OK;
}

} // namespace

NetlinkRequest::NetlinkRequest(std::uint16_t type, std::uint16_t flags) : buffer_(4096) {
    message_ = mnl_nlmsg_put_header(buffer_.data());
    message_->nlmsg_type = type;
    message_->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
}

NetlinkSocket::NetlinkSocket(int bus, std::string doing)
    : socket_(mnl_socket_open2(bus, SOCK_CLOEXEC)), doing_(std::move(doing)) {
    if (!socket_ || mnl_socket_bind(socket_.get(), 0, MNL_SOCKET_AUTOPID) < 0)
        throw Error(errno, doing_);
}

int NetlinkSocket::ask(NetlinkRequest& request, const std::function<void(const nlmsghdr*)>& visit) {
    // A link message with all its statistics and per-VF attributes can exceed the usual 8 KiB.
    alignas(nlmsghdr) std::array<char, 32768> buffer{};
    request.message()->nlmsg_seq = ++sequence_;
    if (mnl_socket_sendto(socket_.get(), request.message(), request.message()->nlmsg_len) < 0)
        throw Error(errno, doing_);
    const auto show = [](const nlmsghdr* message, void* data) {
        const auto& to = *static_cast<const std::function<void(const nlmsghdr*)>*>(data);
        if (to)
            to(message);
        return MNL_CB_OK;
    };
    for (;;) {
        const auto length = mnl_socket_recvfrom(socket_.get(), buffer.data(), buffer.size());
        if (length < 0)
            throw Error(errno, doing_);
        const int more = mnl_cb_run(buffer.data(), static_cast<std::size_t>(length), sequence_,
                                    mnl_socket_get_portid(socket_.get()), show,
                                    const_cast<void*>(static_cast<const void*>(&visit)));
        if (more < 0)
            return errno;
        if (more == MNL_CB_STOP)
            return 0;
    }
}

std::uint16_t NetlinkSocket::family(const char* name) {
    NetlinkRequest request(GENL_ID_CTRL, 0);
    auto& header = request.header<genlmsghdr>();
    header.cmd = CTRL_CMD_GETFAMILY;
    header.version = 1;
    mnl_attr_put_strz(request.message(), CTRL_ATTR_FAMILY_NAME, name);
    std::uint16_t id = 0;
    const int err = ask(request, [&](const nlmsghdr* message) {
        for_each_attribute(message, sizeof(genlmsghdr), [&](std::uint16_t type, const nlattr* a) {
            if (type == CTRL_ATTR_FAMILY_ID)
                id = mnl_attr_get_u16(a);
        });
    });
    return err == 0 ? id : std::uint16_t{0};
}

void for_each_attribute(const nlmsghdr* message, std::size_t header_size, const Visit& visit) {
    mnl_attr_parse(message, static_cast<unsigned>(header_size), visit_attribute,
                   const_cast<Visit*>(&visit));
}

void for_each_attribute(const nlattr* nest, const Visit& visit) {
    mnl_attr_parse_nested(nest, visit_attribute, const_cast<Visit*>(&visit));
}

} // namespace xdpbridge
