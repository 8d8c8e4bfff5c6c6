#include "sandbox/packet_socket.h"

#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

namespace xdpbridge::sandbox {
namespace {

void enable(const Fd& socket, int option, const std::string& where) {
    int one = 1;
    if (setsockopt(socket.get(), SOL_PACKET, option, &one, sizeof one) != 0)
        throw system_error(fmt::format("set option {} of the packet socket on {}", option, where));
}

} // namespace

PacketSocket::PacketSocket(const std::string& netns, const std::string& device)
    : where_(fmt::format("{} in {}", device, netns)) {
    NetnsScope scope(netns);
    // Protocol 0 receives nothing: frames of other devices must not get in before bind names ours.
    fd_ = Fd(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "open a packet socket on " + where_);
    enable(fd_, PACKET_IGNORE_OUTGOING, where_);
    enable(fd_, PACKET_AUXDATA, where_);

    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
    if (address.sll_ifindex == 0 ||
        bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        throw system_error("bind a packet socket to " + where_);

    // Frames for any address, until the socket is closed.
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = address.sll_ifindex;
    promiscuous.mr_type = PACKET_MR_PROMISC;
    if (setsockopt(fd_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous,
                   sizeof promiscuous) != 0)
        throw system_error("make promiscuous " + where_);
}

void PacketSocket::send(std::span<const uint8_t> frame) {
    if (::send(fd_.get(), frame.data(), frame.size(), 0) < 0)
        throw system_error(fmt::format("send a frame of {} bytes on {}", frame.size(), where_));
}

std::optional<Frame> PacketSocket::receive(std::chrono::milliseconds timeout) {
    if (!readable(fd_.get(), timeout))
        return {};

    std::array<uint8_t, 65536> buffer;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
    iovec data{.iov_base = buffer.data(), .iov_len = buffer.size()};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ssize_t n = recvmsg(fd_.get(), &message, 0);
    if (n < 0)
        throw system_error("receive a frame on " + where_);
    Frame frame(buffer.begin(), buffer.begin() + n);

    // The kernel takes the VLAN tag out of the frame and tells it beside.
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
            continue;
        tpacket_auxdata aux;
        std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
        if (!(aux.tp_status & TP_STATUS_VLAN_VALID))
            continue;
        std::array<uint8_t, 4> tag;
        store16(tag, 0, aux.tp_vlan_tpid);
        store16(tag, 2, aux.tp_vlan_tci);
        frame.insert(frame.begin() + 12, tag.begin(), tag.end());
    }
    return frame;
}

} // namespace xdpbridge::sandbox
