// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// The text form of an FDB: "MAC dev DEVICE [vlan VID] [static]", one entry a line, # for comments.
#include "fdb_file.h"

#include "fdb_table.h"
#include "words.h"

#include <xdpbridge/error.h>
#include <xdpbridge/fdb.h>
#include <xdpbridge/port.h>

#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <unordered_map>

namespace xdpbridge {

namespace {

class Parser {
  public:
    explicit Parser(const FdbFileBridge& bridge) : bridge_(bridge) {}

    // nullopt for a line without an entry. Throws the reason as a string.
    std::optional<FdbEntry> parse(std::string_view line) const {
        line = without_comment(line);
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
        const auto number = bridge_.ports.find(std::string(device));
        if (number == bridge_.ports.end())
            throw fmt::format("'{}' is no port of this bridge", device);
        return number->second;
    }
    [[nodiscard]] std::uint16_t vlan_id(std::string_view text) const {
        std::uint16_t vlan = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), vlan);
        if (error != std::errc{} || end != text.data() + text.size() || vlan > 4094)
            throw fmt::format("'{}' is no VLAN id", text);
        if (vlan != 0 && !bridge_.vlan_aware)
            throw fmt::format("VLAN {} on a bridge that is not VLAN-aware", vlan);
        return vlan;
    }
    const FdbFileBridge& bridge_;
};

} // namespace

std::vector<FdbEntry> read_fdb(std::istream& text, const FdbFileBridge& bridge) {
    const Parser parser(bridge);
    std::vector<FdbEntry> entries;
    std::string line;
    for (std::size_t number = 1; std::getline(text, line); number++) {
        try {
            if (const auto entry = parser.parse(line))
                entries.push_back(*entry);
        } catch (const std::string& reason) {
            throw Error(EINVAL, fmt::format("load the FDB of bridge '{}'", bridge.name),
                        fmt::format("line {}: {}", number, reason),
                        "nothing was loaded; a line is: MAC dev DEVICE [vlan VID] [static]");
        }
    }
    return entries;
}

void add_fdb_line(std::string& text, const FdbEntry& entry, std::string_view device) {
    const auto out = std::back_inserter(text);
    fmt::format_to(out, "{} dev {}", entry.mac.to_string(), device);
    if (entry.vlan != 0)
        fmt::format_to(out, " vlan {}", entry.vlan);
    text += entry.is_static ? " static\n" : "\n";
}

std::size_t Fdb::load(std::istream& text) {
    FdbFileBridge bridge{.name = state_->name, .vlan_aware = state_->bridge().vlan_protocol != 0};
    for (const auto& port : Ports(state_).list())
        bridge.ports.emplace(port.device, port.number);
    const auto entries = read_fdb(text, bridge);
    load(entries);
    return entries.size();
}

std::size_t Fdb::save(std::ostream& text) const {
    std::unordered_map<std::uint16_t, std::string> devices;
    for (const auto& port : Ports(state_).list())
        devices.emplace(port.number, port.device);

    std::size_t saved = 0;
    std::string lines;
    for_each([&](const FdbEntry& entry) {
        const auto device = devices.find(entry.port);
        if (device == devices.end() || entry.is_router)
            return;
        add_fdb_line(lines, entry, device->second);
        saved++;
    });
    text << lines;
    return saved;
}

} // namespace xdpbridge
