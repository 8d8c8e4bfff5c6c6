// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// How much of the verifier's work each program takes is recorded in verifier_budget.txt: the kernel
// refuses a program at a million instructions, and a change that comes nearer to that shall be
// noticed. `make verifier-budget` records anew. The figures are of one kernel, for each counts in
// its own way.
#include "lib/libbpf_log.h"
#include "support/sandbox_test.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <linux/if_ether.h>
#include <map>
#include <memory>
#include <sstream>
#include <sys/utsname.h>
#include <vector>

namespace xdpbridge::test {
namespace {

constexpr double allowed = 1.2; // times the record, in both directions
constexpr std::string_view record_anew = "`make verifier-budget` records anew";

struct Cost {
    std::uint64_t instructions; // that the verifier went through, on all ways
    std::uint64_t stack;        // bytes, of the function that has most
};

using Budget = std::map<std::string, Cost>; // by "PROGRAM SETTINGS COMPILER"

// How the library loads an object's programs.
struct Setting {
    std::string object;
    std::string name;
    std::uint16_t vlan_protocol = 0;
    bool frags = false;
};

const std::vector<Setting> settings = {
    {.object = "bridge.xdp", .name = "plain"},
    {.object = "bridge.xdp", .name = "plain,frags", .frags = true},
    {.object = "bridge.xdp", .name = "vlan", .vlan_protocol = ETH_P_8021Q},
    {.object = "bridge.xdp", .name = "vlan,frags", .vlan_protocol = ETH_P_8021Q, .frags = true},
    {.object = "bridge.tc", .name = "plain"},
    {.object = "bridge.tc", .name = "vlan", .vlan_protocol = ETH_P_8021Q},
    {.object = "fdb_load", .name = "-"},
    {.object = "find_tap", .name = "-"},
    {.object = "latency", .name = "-"},
    {.object = "refused", .name = "-"},
};

using Object = std::unique_ptr<bpf_object, decltype(&bpf_object__close)>;

// Writes a constant that the library sets before it loads. One that an object does not have is no
// mistake: each has its own.
template <typename Value>
void set_constant(const Object& object, const char* name, Value value) {
    bpf_map* map = bpf_object__find_map_by_name(object.get(), ".rodata");
    const btf* types = bpf_object__btf(object.get());
    const int section = btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC);
    if (map == nullptr || section < 0)
        return;
    std::size_t size = 0;
    const auto* initial = static_cast<const std::byte*>(bpf_map__initial_value(map, &size));
    std::vector<std::byte> memory(initial, initial + size);
    const btf_type* type = btf__type_by_id(types, static_cast<__u32>(section));
    const btf_var_secinfo* constants = btf_var_secinfos(type);
    for (int i = 0; i < btf_vlen(type); i++) {
        const btf_type* constant = btf__type_by_id(types, constants[i].type);
        if (std::string_view(btf__name_by_offset(types, constant->name_off)) != name)
            continue;
        ASSERT_EQ(constants[i].size, sizeof(value)) << name;
        std::memcpy(&memory.at(constants[i].offset), &value, sizeof(value));
    }
    ASSERT_EQ(bpf_map__set_initial_value(map, memory.data(), size), 0) << name;
}

// Of a VLAN-aware bridge the library loads other programs than of one that is not.
bool is_loaded(const bpf_program* program, const Setting& setting) {
    const std::string_view name = bpf_program__name(program);
    return name != (setting.vlan_protocol != 0 ? "xdpb_ingress" : "xdpb_ingress_vlan");
}

// From "stack depth 96+32", a figure for each function.
std::uint64_t stack_in(const std::string& log) {
    constexpr std::string_view word = "stack depth ";
    const auto at = log.find(word);
    std::istringstream line(at == std::string::npos ? "" : log.substr(at + word.size()));
    std::uint64_t most = 0;
    for (std::uint64_t depth = 0; line >> depth; line.ignore(1, '+'))
        most = std::max(most, depth);
    return most;
}

std::uint64_t instructions_of(const bpf_program* program) {
    bpf_prog_info info{};
    __u32 size = sizeof(info);
    EXPECT_EQ(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size), 0);
    return info.verified_insns;
}

void load(const Setting& setting, const std::string& compiler, Budget& budget) {
    const std::string path = fmt::format("{}/{}.{}.o", XDPB_OBJECTS, setting.object, compiler);
    const LibbpfLog libbpf;
    const Object object(bpf_object__open(path.c_str()), bpf_object__close);
    ASSERT_NE(object, nullptr) << path;
    set_constant(object, "vlan_protocol", setting.vlan_protocol);
    set_constant(object, "port_no", __u32{1});
    set_constant(object, "reads_kernel", __u8{1});

    std::map<const bpf_program*, std::vector<char>> logs;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, object.get()) {
        if (!is_loaded(program, setting)) {
            bpf_program__set_autoload(program, false);
            continue;
        }
        if (setting.frags)
            bpf_program__set_flags(program, BPF_F_XDP_HAS_FRAGS);
        auto& log = logs[program];
        log.resize(1 << 16);
        bpf_program__set_log_buf(program, log.data(), log.size());
        bpf_program__set_log_level(program, 4); // BPF_LOG_STATS: some lines, and no trace
    }
    ASSERT_EQ(bpf_object__load(object.get()), 0) << path << " " << setting.name << "\n"
                                                 << libbpf.text();
    for (const auto& [loaded, log] : logs)
        budget[fmt::format("{} {} {}", bpf_program__name(loaded), setting.name, compiler)] = {
            instructions_of(loaded), stack_in(log.data())};
}

std::string kernel() {
    utsname name{};
    ::uname(&name);
    const std::string_view release = name.release;
    return std::string(release.substr(0, release.find_first_not_of("0123456789.")))
        .substr(0, release.find('.', release.find('.') + 1));
}

void record(const Budget& budget) {
    std::ofstream out(XDPB_VERIFIER_BUDGET);
    out << "# What the verifier needs for each program, written by `make verifier-budget`.\n"
        << "# program, settings, compiler, instructions, bytes of its largest function's stack\n"
        << "kernel " << kernel() << "\n";
    for (const auto& [program, cost] : budget)
        out << fmt::format("{} {} {}\n", program, cost.instructions, cost.stack);
    ASSERT_TRUE(out.flush()) << XDPB_VERIFIER_BUDGET;
}

struct Record {
    std::string kernel;
    Budget budget;
};

Record read_record() {
    Record record;
    std::ifstream in(XDPB_VERIFIER_BUDGET);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string program, setting, compiler;
        Cost cost{};
        if (line.starts_with("kernel "))
            record.kernel = line.substr(7);
        else if (words >> program >> setting >> compiler >> cost.instructions >> cost.stack)
            record.budget[fmt::format("{} {} {}", program, setting, compiler)] = cost;
    }
    return record;
}

void compare(const std::string& program, const char* what, std::uint64_t measured,
             std::uint64_t recorded) {
    const auto now = static_cast<double>(measured), then = static_cast<double>(recorded);
    EXPECT_LE(now, then * allowed) << program << ": " << measured << " " << what << ", recorded "
                                   << recorded << ": more than a fifth more; " << record_anew;
    EXPECT_GE(now * allowed, then) << program << ": " << measured << " " << what << ", recorded "
                                   << recorded << ": the record is stale; " << record_anew;
}

TEST_F(SandboxTest, NoProgramNeedsMuchMoreOfTheVerifierThanRecorded) {
    Budget measured;
    for (const auto& setting : settings)
        for (const char* compiler : {"clang-14", "clang-19"})
            ASSERT_NO_FATAL_FAILURE(load(setting, compiler, measured));
    for (const auto& [program, cost] : measured)
        fmt::print("{:<50} {:>8} instructions {:>5} bytes of stack\n", program, cost.instructions,
                   cost.stack);
    if (std::getenv("XDPB_RECORD_VERIFIER_BUDGET") != nullptr)
        return record(measured);

    const Record recorded = read_record();
    if (recorded.kernel != kernel())
        GTEST_SKIP() << "recorded on Linux " << recorded.kernel << ", this is " << kernel() << "; "
                     << record_anew;
    for (const auto& [program, cost] : measured) {
        if (!recorded.budget.contains(program)) {
            ADD_FAILURE() << program << " is not recorded; " << record_anew;
            continue;
        }
        const Cost& then = recorded.budget.at(program);
        compare(program, "instructions", cost.instructions, then.instructions);
        compare(program, "bytes of stack", cost.stack, then.stack);
    }
    for (const auto& [program, cost] : recorded.budget)
        EXPECT_TRUE(measured.contains(program)) << program << " is no more; " << record_anew;
}

} // namespace
} // namespace xdpbridge::test
