// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The text form of an FDB: "MAC dev DEVICE [vlan VID] [static]", one entry a line, # for comments.
#include "fdb_table.h"

#include <xdpbridge/error.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/port.h>

#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <unordered_map>

namespace xdpbridge {

namespace {

constexpr std::string_view blanks = " \t\r";

// Takes the next word off the front of line; empty at the end.
std::string_view next_word(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

class Parser {
  public:
    Parser(const std::vector<PortInfo>& ports, bool vlan_aware) : vlan_aware_(vlan_aware) {
        for (const auto& port : ports)
            numbers_.emplace(port.device, port.number);
    }

    // nullopt for a line without an entry. Throws the reason as a string.
    std::optional<FdbEntry> parse(std::string_view line) const {
        line = line.substr(0, line.find('#'));
        std::string_view word = next_word(line);
        if (word.empty())
            return std::nullopt;
        const auto mac = Mac::parse(word);
        if (!mac)
            throw fmt::format("'{}' is no MAC address", word);
        FdbEntry entry{.mac = *mac};
        if (mac->is_multicast() || mac->is_zero())
            throw fmt::format("'{}' is no host's address", word);

        while (!(word = next_word(line)).empty()) {
            if (word == "static")
                entry.is_static = true;
            else if (word == "dev")
                entry.port = port_number(next_word(line));
            else if (word == "vlan")
                entry.vlan = vlan_id(next_word(line));
            else
                throw fmt::format("unknown word '{}'", word);
        }
        if (entry.port == 0)
            throw std::string("no 'dev DEVICE'");
        return entry;
    }

  private:
    std::uint16_t port_number(std::string_view device) const {
        const auto number = numbers_.find(std::string(device));
        if (number == numbers_.end())
            throw fmt::format("'{}' is no port of this bridge", device);
        return number->second;
    }
    [[nodiscard]] std::uint16_t vlan_id(std::string_view text) const {
        std::uint16_t vlan = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), vlan);
        if (error != std::errc{} || end != text.data() + text.size() || vlan > 4094)
            throw fmt::format("'{}' is no VLAN id", text);
        if (vlan != 0 && !vlan_aware_)
            throw fmt::format("VLAN {} on a bridge that is not VLAN-aware", vlan);
        return vlan;
    }
    bool vlan_aware_;
    std::unordered_map<std::string, std::uint16_t> numbers_;
};

} // namespace

std::size_t Fdb::load(std::istream& text) {
    const Parser parser(Ports(state_).list(), state_->bridge().vlan_protocol != 0);
    std::vector<FdbEntry> entries;
    std::string line;
    for (std::size_t number = 1; std::getline(text, line); number++) {
        try {
            if (const auto entry = parser.parse(line))
                entries.push_back(*entry);
        } catch (const std::string& reason) {
            throw Error(EINVAL, fmt::format("load the FDB of bridge '{}'", state_->name),
                        fmt::format("line {}: {}", number, reason),
                        "nothing was loaded; a line is: MAC dev DEVICE [vlan VID] [static]");
        }
    }
    load(entries);
    return entries.size();
}

std::size_t Fdb::save(std::ostream& text) const {
    std::unordered_map<std::uint16_t, std::string> devices;
    for (const auto& port : Ports(state_).list())
        devices.emplace(port.number, port.device);

    std::size_t saved = 0;
    fmt::memory_buffer buffer;
    for_each([&](const FdbEntry& entry) {
        const auto device = devices.find(entry.port);
        if (device == devices.end() || entry.is_router)
            return;
        fmt::format_to(std::back_inserter(buffer), "{} dev {}", entry.mac.to_string(),
                       device->second);
        if (entry.vlan != 0)
            fmt::format_to(std::back_inserter(buffer), " vlan {}", entry.vlan);
        buffer.append(entry.is_static ? std::string_view(" static\n") : std::string_view("\n"));
        saved++;
    });
    text.write(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    return saved;
}

} // namespace xdpbridge
