// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "acl_compile.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>

namespace xdpbridge {

namespace {

constexpr std::uint32_t classes_in_cell = 32;
constexpr std::uint32_t slots_in_cell = 64;

// A set of rules by their position: a bit for each.
using Set = std::array<std::uint64_t, XDPB_ACL_WORDS>;

void insert(Set& set, std::size_t rule) {
    set[rule / 64] |= std::uint64_t{1} << rule % 64;
}
void erase(Set& set, std::size_t rule) {
    set[rule / 64] &= ~(std::uint64_t{1} << rule % 64);
}

// Places of a field's table; 0: its values are in a hash or a trie.
constexpr std::array<std::uint32_t, XDPB_ACL_FIELDS> table_sizes = {
    XDPB_MAX_PORTS,
    XDPB_VLANS,
    8, // PCP
    0,
    0, // MACs
    65536,
    0,
    0, // addresses
    XDPB_ACL_HIDDEN_PROTOCOL + 1,
    XDPB_ACL_HIDDEN_PORT + 1,
    XDPB_ACL_HIDDEN_PORT + 1,
    XDPB_ACL_NO_DSCP + 1,
};

std::uint32_t cells_for(std::size_t elements, std::uint32_t in_cell) {
    return static_cast<std::uint32_t>((elements + in_cell - 1) / in_cell);
}

class Compiler {
  public:
    explicit Compiler(std::span<const PlacedRule> rules) : rules_(rules) {
        for (const auto& placed : rules)
            fields_ |= placed.rule.fields;
        if (fields_ == 0)
            fields_ = 1 << XDPB_ACL_PORT; // the search wants one field at least
        lay_out();
    }

    AclTables compile() {
        exact(XDPB_ACL_PORT, [](const xdpb_acl_rule& rule) { return rule.port; });
        exact(XDPB_ACL_VLAN, [](const xdpb_acl_rule& rule) { return rule.vlan; });
        exact(XDPB_ACL_PCP, [](const xdpb_acl_rule& rule) { return rule.pcp; });
        exact(XDPB_ACL_ETHERTYPE, [](const xdpb_acl_rule& rule) { return rule.ethertype; });
        exact(XDPB_ACL_PROTOCOL, [](const xdpb_acl_rule& rule) { return rule.protocol; });
        exact(XDPB_ACL_DSCP, [](const xdpb_acl_rule& rule) { return rule.dscp; });
        if (asked(XDPB_ACL_PROTOCOL))
            put(XDPB_ACL_PROTOCOL, XDPB_ACL_HIDDEN_PROTOCOL, XDPB_ACL_HIDDEN_PROTOCOL,
                hidden(XDPB_ACL_PROTOCOL));
        ranges(XDPB_ACL_SPORT, [](const xdpb_acl_rule& rule) { return rule.sport; });
        ranges(XDPB_ACL_DPORT, [](const xdpb_acl_rule& rule) { return rule.dport; });
        macs(XDPB_ACL_SRC_MAC, 0, [](const xdpb_acl_rule& rule) { return rule.src_mac; });
        macs(XDPB_ACL_DST_MAC, 1, [](const xdpb_acl_rule& rule) { return rule.dst_mac; });
        addresses(XDPB_ACL_SRC, 0, XDPB_ACL_SRC4);
        addresses(XDPB_ACL_DST, 1, XDPB_ACL_DST4);
        return std::move(tables_);
    }

  private:
    [[nodiscard]] xdpb_acl_head& head() { return tables_.cells[0].head; }
    [[nodiscard]] bool asked(xdpb_acl_field field) const { return (fields_ >> field & 1) != 0; }
    static bool asks(const xdpb_acl_rule& rule, xdpb_acl_field field) {
        return (rule.fields >> field & 1) != 0;
    }

    // The head, the slots and the tables; the sets come behind them, as they are found.
    void lay_out() {
        std::uint32_t next = 1;
        xdpb_acl_head head{};
        head.rules = static_cast<std::uint32_t>(rules_.size());
        head.fields = fields_;
        head.slots = next;
        next += cells_for(rules_.size(), slots_in_cell);
        for (std::size_t field = 0; field < table_sizes.size(); field++)
            if (asked(static_cast<xdpb_acl_field>(field)) && table_sizes[field] != 0) {
                head.table[field] = next;
                next += cells_for(table_sizes[field], classes_in_cell);
            }
        tables_.cells.resize(next);
        tables_.cells[0].head = head;
        for (std::size_t i = 0; i < rules_.size(); i++)
            tables_.cells[head.slots + i / slots_in_cell].slots[i % slots_in_cell] = rules_[i].slot;
    }

    // The same set has one cell, whichever fields it is of.
    std::uint32_t class_of(const Set& set) {
        const auto [place, is_new] = classes_.try_emplace(set, 0);
        if (!is_new)
            return place->second;
        std::uint32_t words = 0;
        xdpb_acl_cell cell{};
        for (std::uint32_t i = 0; i < set.size(); i++) {
            cell.set[i] = set[i];
            words |= (set[i] != 0 ? 1U : 0U) << i;
        }
        place->second = static_cast<std::uint32_t>(tables_.cells.size()) | words << 16;
        tables_.cells.push_back(cell);
        return place->second;
    }

    // The rules that do not ask for the field.
    [[nodiscard]] Set indifferent(xdpb_acl_field field) const {
        Set set{};
        for (std::size_t i = 0; i < rules_.size(); i++)
            if (!asks(rules_[i].rule, field))
                insert(set, i);
        return set;
    }

    // The rules that fit a frame whose value cannot be seen: those that drop, to be on the safe
    // side.
    [[nodiscard]] Set hidden(xdpb_acl_field field) const {
        Set set = indifferent(field);
        for (std::size_t i = 0; i < rules_.size(); i++)
            if (rules_[i].rule.action == XDPB_ACL_DROP)
                insert(set, i);
        return set;
    }

    void put(xdpb_acl_field field, std::uint32_t first, std::uint32_t last, const Set& set) {
        const auto number = class_of(set); // may move the cells
        for (std::uint32_t value = first; value <= last; value++)
            tables_.cells[head().table[field] + value / classes_in_cell]
                .classes[value % classes_in_cell] = number;
    }

    // The sets of those values that some rule names.
    template <typename Value>
    auto by_value(xdpb_acl_field field, const Value& value) const {
        std::map<std::invoke_result_t<Value, const xdpb_acl_rule&>, Set> sets;
        const Set others = indifferent(field);
        for (std::size_t i = 0; i < rules_.size(); i++)
            if (asks(rules_[i].rule, field))
                insert(sets.try_emplace(value(rules_[i].rule), others).first->second, i);
        return sets;
    }

    template <typename Value>
    void exact(xdpb_acl_field field, const Value& value) {
        if (!asked(field))
            return;
        put(field, 0, table_sizes[field] - 1, indifferent(field));
        for (const auto& [number, set] : by_value(field, value))
            put(field, number, number, set);
    }

    // Between two bounds the set is the same.
    template <typename Range>
    void ranges(xdpb_acl_field field, const Range& range) {
        if (!asked(field))
            return;
        std::map<std::uint32_t, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>>
            bounds; // rules that begin there, and that end before
        for (std::size_t i = 0; i < rules_.size(); i++)
            if (asks(rules_[i].rule, field)) {
                const auto* ends = range(rules_[i].rule);
                bounds[ends[0]].first.push_back(i);
                bounds[ends[1] + 1U].second.push_back(i);
            }
        Set set = indifferent(field);
        put(field, XDPB_ACL_NO_PORT, XDPB_ACL_NO_PORT, set);
        put(field, XDPB_ACL_HIDDEN_PORT, XDPB_ACL_HIDDEN_PORT, hidden(field));
        std::uint32_t from = 0;
        for (const auto& [bound, changes] : bounds) {
            if (bound > from)
                put(field, from, bound - 1, set);
            from = bound;
            for (const auto rule : changes.second)
                erase(set, rule);
            for (const auto rule : changes.first)
                insert(set, rule);
        }
        if (from < XDPB_ACL_NO_PORT)
            put(field, from, XDPB_ACL_NO_PORT - 1, set);
    }

    template <typename Address>
    void macs(xdpb_acl_field field, std::uint16_t destination, const Address& address) {
        if (!asked(field))
            return;
        const auto sets = by_value(field, [&](const xdpb_acl_rule& rule) {
            std::array<std::uint8_t, 6> mac{};
            std::copy_n(address(rule), mac.size(), mac.begin());
            return mac;
        });
        for (const auto& [mac, set] : sets) {
            xdpb_acl_mac key{};
            std::copy(mac.begin(), mac.end(), key.mac);
            key.destination = destination;
            tables_.macs.emplace_back(key, class_of(set));
        }
        const auto others = class_of(indifferent(field));
        head().other_mac[destination] = others;
    }

    struct Network {
        std::array<std::uint8_t, 16> address;
        unsigned length;
        auto operator<=>(const Network&) const = default;
        [[nodiscard]] bool covers(const Network& other) const {
            if (length > other.length)
                return false;
            const unsigned octets = length / 8, bits = length % 8;
            return std::equal(address.begin(), address.begin() + octets, other.address.begin()) &&
                   (bits == 0 || (address[octets] ^ other.address[octets]) >> (8 - bits) == 0);
        }
    };

    static Network network_of(const xdpb_acl_rule& rule, bool destination) {
        Network network{{}, destination ? rule.dst_length : rule.src_length};
        std::copy_n(destination ? rule.dst : rule.src, network.address.size(),
                    network.address.begin());
        return network;
    }

    // kind: that of IPv4; IPv6 is the next.
    void addresses(xdpb_acl_field field, std::uint32_t destination, std::uint32_t kind) {
        if (!asked(field))
            return;
        const Set others = indifferent(field);
        for (const bool ipv6 : {false, true}) {
            std::map<Network, Set> sets;
            sets.try_emplace(Network{}, others);
            std::vector<std::pair<Network, std::size_t>> asking;
            for (std::size_t i = 0; i < rules_.size(); i++)
                if (asks(rules_[i].rule, field) && (rules_[i].rule.ipv6 != 0) == ipv6) {
                    asking.emplace_back(network_of(rules_[i].rule, destination != 0), i);
                    sets.try_emplace(asking.back().first, others);
                }
            for (auto& [network, set] : sets) {
                for (const auto& [wider, rule] : asking)
                    if (wider.covers(network))
                        insert(set, rule);
                xdpb_acl_prefix key{};
                key.bits = 32 + network.length;
                key.kind = kind + (ipv6 ? 1 : 0);
                std::copy(network.address.begin(), network.address.end(), key.address);
                tables_.prefixes.emplace_back(key, class_of(set));
            }
        }
        const auto none = class_of(others);
        head().no_address[destination] = none;
    }

    std::span<const PlacedRule> rules_;
    std::uint32_t fields_ = 0;
    std::map<Set, std::uint32_t> classes_;
    AclTables tables_;
};

} // namespace

AclTables compile_acl(std::span<const PlacedRule> rules) {
    return Compiler(rules).compile();
}

} // namespace xdpbridge
