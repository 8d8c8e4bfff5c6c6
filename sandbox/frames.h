#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Frames are composed from the outside in, and the builder fills in what follows from the rest:
// EtherTypes, protocols, lengths and checksums.
//
//     Frame frame = Ethernet{.dst = "ff:ff:ff:ff:ff:ff", .src = "02:00:00:00:00:01"} /
//                   Vlan{.vid = 5} / IPv4{.src = "10.0.0.1", .dst = "10.0.0.2"} /
//                   Udp{.sport = 1, .dport = 2} / Payload{100};
//
// For a frame that is wrong on purpose, build the right one and change its bytes.
namespace xdpbridge::sandbox {

using Frame = std::vector<uint8_t>;

// An address in network byte order, written as text.
struct Mac {
    std::array<uint8_t, 6> bytes{};
    Mac() = default;
    Mac(std::string_view text); // "02:00:00:00:00:01"
    Mac(const char* text) : Mac(std::string_view(text)) {}
    Mac(const std::string& text) : Mac(std::string_view(text)) {}
    bool operator==(const Mac&) const = default;
};

struct Ip4 {
    std::array<uint8_t, 4> bytes{};
    Ip4() = default;
    Ip4(const std::string& text); // "10.0.0.1"
    Ip4(const char* text) : Ip4(std::string(text)) {}
    bool operator==(const Ip4&) const = default;
};

struct Ip6 {
    std::array<uint8_t, 16> bytes{};
    Ip6() = default;
    Ip6(const std::string& text); // "fd00::1"
    Ip6(const char* text) : Ip6(std::string(text)) {}
    bool operator==(const Ip6&) const = default;
};

// In each layer, a type or protocol of 0 means: that of the next layer.

struct Ethernet {
    Mac dst, src;
    uint16_t type = 0;
};

struct Vlan {
    uint16_t vid = 1;
    uint8_t pcp = 0;
    uint16_t tpid = 0x8100; // 0x88a8 for an outer tag of 802.1ad
    uint16_t type = 0;
};

struct Arp {
    uint16_t op = 1; // 1 request, 2 reply
    Mac sender_mac;
    Ip4 sender_ip;
    Mac target_mac{};
    Ip4 target_ip;
};

struct IPv4 {
    Ip4 src, dst;
    uint8_t ttl = 64;
    uint8_t tos = 0;
    uint16_t id = 0;
    uint16_t fragment = 0x4000; // flags and offset; "don't fragment"
    uint8_t protocol = 0;
};

struct IPv6 {
    Ip6 src, dst;
    uint8_t hop_limit = 64;
    uint8_t traffic_class = 0;
    uint8_t next_header = 0;
};

struct Icmp {         // of IPv4
    uint8_t type = 8; // 8 echo request, 0 echo reply
    uint8_t code = 0;
    uint16_t id = 1;
    uint16_t sequence = 1;
};

struct Icmp6 { // as in RFC 4443; what it says follows, with the right checksum
    uint8_t type = 128;
    uint8_t code = 0;
};

struct Udp {
    uint16_t sport = 1024;
    uint16_t dport = 1024;
};

struct Tcp {
    uint16_t sport = 1024;
    uint16_t dport = 1024;
    uint32_t sequence = 0;
    uint32_t acknowledgment = 0;
    uint8_t flags = 0x02; // SYN
};

struct Payload {
    size_t size = 0;
    uint8_t fill = 0xa5;
};

struct Bytes { // as they are
    Frame bytes;
};

using Layer = std::variant<Ethernet, Vlan, Arp, IPv4, IPv6, Icmp, Icmp6, Udp, Tcp, Payload, Bytes>;

class Packet {
  public:
    explicit Packet(const Layer& first);
    Packet operator/(const Layer& inner) const;

    Frame bytes() const;
    operator Frame() const { return bytes(); }

  private:
    std::vector<Layer> layers_; // the outermost first
};

// Every frame begins with Ethernet, and so does every expression.
Packet operator/(const Ethernet& outer, const Layer& inner);

// The one's complement sum of RFC 1071, inverted: 0 over data that includes a right checksum.
uint16_t internet_checksum(std::span<const uint8_t> data);

uint16_t load16(std::span<const uint8_t> data, size_t offset);
void store16(std::span<uint8_t> data, size_t offset, uint16_t value);

} // namespace xdpbridge::sandbox
