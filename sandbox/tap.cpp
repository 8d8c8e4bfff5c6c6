#include "sandbox/tap.h"

#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <linux/if_tun.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

namespace xdpbridge::sandbox {
namespace {

constexpr size_t kEthernet = 14;
constexpr size_t kArp = 28;
constexpr size_t kIpv4 = 20;
constexpr size_t kIcmp = 8;

template <size_t N>
bool has(std::span<const uint8_t> data, size_t offset, const std::array<uint8_t, N>& value) {
    return std::equal(value.begin(), value.end(), data.begin() + static_cast<ptrdiff_t>(offset));
}

template <size_t N>
void put(std::span<uint8_t> data, size_t offset, const std::array<uint8_t, N>& value) {
    std::copy(value.begin(), value.end(), data.begin() + static_cast<ptrdiff_t>(offset));
}

// A reply is made from the request: the sender becomes the receiver.
Frame turned_around(std::span<const uint8_t> request, const Mac& from) {
    Frame reply(request.begin(), request.end());
    std::copy_n(request.begin() + 6, 6, reply.begin());
    put(reply, 6, from.bytes);
    return reply;
}

std::optional<Frame> arp_reply(std::span<const uint8_t> frame, const Mac& mac, const Ip4& ip) {
    constexpr size_t op = kEthernet + 6, sender = kEthernet + 8, target = kEthernet + 18;
    if (frame.size() < kEthernet + kArp || load16(frame, 12) != ETHERTYPE_ARP ||
        load16(frame, op) != 1 || !has(frame, target + 6, ip.bytes))
        return {};
    Frame reply = turned_around(frame, mac);
    store16(reply, op, 2);
    std::copy_n(frame.begin() + sender, 10, reply.begin() + target);
    put(reply, sender, mac.bytes);
    put(reply, sender + 6, ip.bytes);
    return reply;
}

std::optional<Frame> ping_reply(std::span<const uint8_t> frame, const Mac& mac, const Ip4& ip) {
    constexpr size_t header = kEthernet, icmp = kEthernet + kIpv4;
    constexpr size_t ttl = header + 8, checksum = header + 10, src = header + 12, dst = header + 16;
    if (frame.size() < icmp + kIcmp || load16(frame, 12) != ETHERTYPE_IP || frame[header] != 0x45 ||
        frame[header + 9] != IPPROTO_ICMP || !has(frame, dst, ip.bytes) || frame[icmp] != 8)
        return {};
    size_t length = kEthernet + load16(frame, header + 2); // without padding
    if (length > frame.size() || length < icmp + kIcmp)
        return {};

    Frame reply = turned_around(frame.first(length), mac);
    std::copy_n(frame.begin() + src, 4, reply.begin() + dst);
    put(reply, src, ip.bytes);
    reply[ttl] = 64;
    store16(reply, checksum, 0);
    store16(reply, checksum, internet_checksum(std::span(reply).subspan(header, kIpv4)));
    reply[icmp] = 0;
    store16(reply, icmp + 2, 0);
    store16(reply, icmp + 2, internet_checksum(std::span(reply).subspan(icmp)));
    return reply;
}

} // namespace

Fd open_tap(const std::string& netns, const std::string& name, bool multi_queue) {
    NetnsScope scope(netns); // before the open: it decides where the tap is created
    Fd fd(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK), "open /dev/net/tun");
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags =
        static_cast<short>(IFF_TAP | IFF_NO_PI | (multi_queue ? IFF_MULTI_QUEUE : 0));
    if (ioctl(fd.get(), TUNSETIFF, &request) != 0)
        throw system_error(fmt::format("open tap {} in {}", name, netns));
    return fd;
}

Tap::Tap(const std::string& netns, const std::string& name)
    : name_(name), fd_(open_tap(netns, name)) {
    NetnsScope scope(netns);
    Fd control(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "open a socket");
    ifreq request{};
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_flags = IFF_UP;
    if (ioctl(control.get(), SIOCSIFFLAGS, &request) != 0)
        throw system_error(fmt::format("set tap {} up in {}", name, netns));
}

size_t Tap::read(std::span<uint8_t> buffer, std::chrono::milliseconds timeout) {
    if (!readable(fd_.get(), timeout))
        return 0;
    ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0)
        throw system_error("read from tap " + name_);
    return static_cast<size_t>(n);
}

void Tap::write(std::span<const uint8_t> frame) {
    if (::write(fd_.get(), frame.data(), frame.size()) < 0 && errno != EIO) // EIO: it is down
        throw system_error("write to tap " + name_);
}

TapHost::TapHost(const std::string& netns, const std::string& name, const Mac& mac, const Ip4& ip)
    : tap_(netns, name),
      mac_(mac),
      ip_(ip),
      thread_([this](std::stop_token stop) { answer(stop); }) {}

void TapHost::answer(std::stop_token stop) try {
    std::array<uint8_t, 65536> buffer;
    while (!stop.stop_requested()) {
        size_t length = tap_.read(buffer, std::chrono::milliseconds(20));
        if (length == 0)
            continue;
        frames_read_++;
        auto frame = std::span<const uint8_t>(buffer).first(length);
        std::optional<Frame> reply = arp_reply(frame, mac_, ip_);
        if (!reply)
            reply = ping_reply(frame, mac_, ip_);
        if (reply)
            tap_.write(*reply);
    }
} catch (const std::system_error&) {
    // The tap was deleted under us, with its namespace: the host is unplugged.
}

} // namespace xdpbridge::sandbox
