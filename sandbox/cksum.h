#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace xdpbridge::sandbox {

// The CRC of POSIX, the same that the program `cksum` prints.
class Cksum {
  public:
    void update(std::span<const uint8_t> data) {
        for (uint8_t byte : data)
            crc_ = next(crc_, byte);
        length_ += data.size();
    }

    // Of all data so far. The length is part of it, lowest byte first, as many bytes as it needs.
    uint32_t value() const {
        uint32_t crc = crc_;
        for (uint64_t rest = length_; rest != 0; rest >>= 8)
            crc = next(crc, static_cast<uint8_t>(rest));
        return ~crc;
    }

  private:
    static constexpr std::array<uint32_t, 256> table() {
        std::array<uint32_t, 256> table{};
        for (uint32_t i = 0; i < 256; i++) {
            uint32_t crc = i << 24;
            for (int bit = 0; bit < 8; bit++)
                crc = crc << 1 ^ (crc >> 31 ? 0x04c11db7 : 0);
            table[i] = crc;
        }
        return table;
    }

    static uint32_t next(uint32_t crc, uint8_t byte) {
        static constexpr auto kTable = table();
        return crc << 8 ^ kTable[crc >> 24 ^ byte];
    }

    uint32_t crc_ = 0;
    uint64_t length_ = 0;
};

inline uint32_t cksum(std::span<const uint8_t> data) {
    Cksum sum;
    sum.update(data);
    return sum.value();
}

} // namespace xdpbridge::sandbox
