#include "sandbox/frames.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <net/ethernet.h>
#include <netinet/in.h>

#include <cstdio>
#include <stdexcept>

namespace xdpbridge::sandbox {
namespace {

void parse_ip(int family, const std::string& text, uint8_t* bytes) {
    if (inet_pton(family, text.c_str(), bytes) != 1)
        throw std::invalid_argument(fmt::format("'{}' is not an IP address", text));
}

// Appends values in network byte order.
class Writer {
  public:
    Writer& u8(uint8_t value) {
        out_.push_back(value);
        return *this;
    }
    Writer& u16(uint32_t value) { return u8(value >> 8 & 0xff).u8(value & 0xff); }
    Writer& u32(uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
    Writer& bytes(std::span<const uint8_t> data) {
        out_.insert(out_.end(), data.begin(), data.end());
        return *this;
    }
    operator Frame() { return std::move(out_); }

  private:
    Frame out_;
};

// The checksum of a transport layer covers the addresses too, so it is the IP layer that fills it
// in.
void fill_transport_checksum(Frame& transport, uint8_t protocol, std::span<const uint8_t> src,
                             std::span<const uint8_t> dst) {
    size_t offset = protocol == IPPROTO_UDP      ? 6
                    : protocol == IPPROTO_TCP    ? 16
                    : protocol == IPPROTO_ICMPV6 ? 2
                                                 : 0;
    if (offset == 0 || transport.size() < offset + 2 || load16(transport, offset) != 0)
        return;
    Frame covered = Writer()
                        .bytes(src)
                        .bytes(dst)
                        .u32(static_cast<uint32_t>(transport.size()))
                        .u32(protocol)
                        .bytes(transport);
    uint16_t sum = internet_checksum(covered);
    store16(transport, offset, sum == 0 ? 0xffff : sum); // 0 would mean "none" in UDP
}

// What a layer says about the one inside it.
struct Inner {
    uint16_t ethertype = 0;
    uint8_t protocol = 0;
    Frame bytes;
};

// Puts a layer around `inner`.
struct Wrap {
    Inner inner;

    Inner operator()(const Ethernet& e) {
        uint16_t type = e.type ? e.type : inner.ethertype;
        return {0, 0, Writer().bytes(e.dst.bytes).bytes(e.src.bytes).u16(type).bytes(inner.bytes)};
    }

    Inner operator()(const Vlan& v) {
        uint16_t type = v.type ? v.type : inner.ethertype;
        return {v.tpid, 0, Writer().u16(v.pcp << 13u | v.vid).u16(type).bytes(inner.bytes)};
    }

    Inner operator()(const Arp& a) {
        return {ETHERTYPE_ARP, 0,
                Writer()
                    .u16(1) // Ethernet
                    .u16(ETHERTYPE_IP)
                    .u8(6)
                    .u8(4)
                    .u16(a.op)
                    .bytes(a.sender_mac.bytes)
                    .bytes(a.sender_ip.bytes)
                    .bytes(a.target_mac.bytes)
                    .bytes(a.target_ip.bytes)
                    .bytes(inner.bytes)};
    }

    Inner operator()(const IPv4& ip) {
        uint8_t protocol = ip.protocol ? ip.protocol : inner.protocol;
        fill_transport_checksum(inner.bytes, protocol, ip.src.bytes, ip.dst.bytes);
        Frame header = Writer()
                           .u8(0x45)
                           .u8(ip.tos)
                           .u16(static_cast<uint32_t>(20 + inner.bytes.size()))
                           .u16(ip.id)
                           .u16(ip.fragment)
                           .u8(ip.ttl)
                           .u8(protocol)
                           .u16(0)
                           .bytes(ip.src.bytes)
                           .bytes(ip.dst.bytes);
        store16(header, 10, internet_checksum(header));
        return {ETHERTYPE_IP, 0, Writer().bytes(header).bytes(inner.bytes)};
    }

    Inner operator()(const IPv6& ip) {
        uint8_t protocol = ip.next_header ? ip.next_header : inner.protocol;
        fill_transport_checksum(inner.bytes, protocol, ip.src.bytes, ip.dst.bytes);
        return {ETHERTYPE_IPV6, 0,
                Writer()
                    .u32(6u << 28 | static_cast<uint32_t>(ip.traffic_class) << 20)
                    .u16(static_cast<uint32_t>(inner.bytes.size()))
                    .u8(protocol)
                    .u8(ip.hop_limit)
                    .bytes(ip.src.bytes)
                    .bytes(ip.dst.bytes)
                    .bytes(inner.bytes)};
    }

    Inner operator()(const Icmp& icmp) {
        Frame message = Writer()
                            .u8(icmp.type)
                            .u8(icmp.code)
                            .u16(0)
                            .u16(icmp.id)
                            .u16(icmp.sequence)
                            .bytes(inner.bytes);
        store16(message, 2, internet_checksum(message));
        return {0, IPPROTO_ICMP, message};
    }

    Inner operator()(const Icmp6& icmp) {
        return {0, IPPROTO_ICMPV6, Writer().u8(icmp.type).u8(icmp.code).u16(0).bytes(inner.bytes)};
    }

    Inner operator()(const Udp& udp) {
        return {0, IPPROTO_UDP,
                Writer()
                    .u16(udp.sport)
                    .u16(udp.dport)
                    .u16(static_cast<uint32_t>(8 + inner.bytes.size()))
                    .u16(0)
                    .bytes(inner.bytes)};
    }

    Inner operator()(const Tcp& tcp) {
        return {0, IPPROTO_TCP,
                Writer()
                    .u16(tcp.sport)
                    .u16(tcp.dport)
                    .u32(tcp.sequence)
                    .u32(tcp.acknowledgment)
                    .u8(5 << 4) // a header of 20 bytes
                    .u8(tcp.flags)
                    .u16(0xffff) // window
                    .u16(0)
                    .u16(0)
                    .bytes(inner.bytes)};
    }

    Inner operator()(const Payload& payload) {
        return {0, 0, Writer().bytes(Frame(payload.size, payload.fill)).bytes(inner.bytes)};
    }

    Inner operator()(const Bytes& b) { return {0, 0, Writer().bytes(b.bytes).bytes(inner.bytes)}; }
};

} // namespace

Mac::Mac(std::string_view text) {
    unsigned b[6];
    char end;
    if (std::sscanf(std::string(text).c_str(), "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
                    &b[3], &b[4], &b[5], &end) != 6)
        throw std::invalid_argument(fmt::format("'{}' is not a MAC address", text));
    for (size_t i = 0; i < bytes.size(); i++)
        bytes[i] = static_cast<uint8_t>(b[i]);
}

Ip4::Ip4(const std::string& text) {
    parse_ip(AF_INET, text, bytes.data());
}

Ip6::Ip6(const std::string& text) {
    parse_ip(AF_INET6, text, bytes.data());
}

Packet::Packet(const Layer& first) : layers_{first} {}

Packet Packet::operator/(const Layer& inner) const {
    Packet longer = *this;
    longer.layers_.push_back(inner);
    return longer;
}

Packet operator/(const Ethernet& outer, const Layer& inner) {
    return Packet(outer) / inner;
}

Frame Packet::bytes() const {
    Inner inner;
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
        inner = std::visit(Wrap{std::move(inner)}, *layer);
    return std::move(inner.bytes);
}

uint16_t internet_checksum(std::span<const uint8_t> data) {
    uint32_t sum = 0; // no frame is long enough to overflow it
    for (size_t i = 0; i + 1 < data.size(); i += 2)
        sum += load16(data, i);
    if (data.size() % 2)
        sum += static_cast<uint32_t>(data.back() << 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

uint16_t load16(std::span<const uint8_t> data, size_t offset) {
    return static_cast<uint16_t>(data[offset] << 8 | data[offset + 1]);
}

void store16(std::span<uint8_t> data, size_t offset, uint16_t value) {
    data[offset] = static_cast<uint8_t>(value >> 8);
    data[offset + 1] = static_cast<uint8_t>(value);
}

} // namespace xdpbridge::sandbox
