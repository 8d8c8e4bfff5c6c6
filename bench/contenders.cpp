// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "contenders.h"

#include <xdpbridge/port.h>

#include <bpf/bpf.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace xdpbridge::bench {

namespace {

constexpr std::chrono::hours no_ageing{24}; // while the benchmark runs

void require(bool done, const char* what) {
    if (!done)
        throw std::system_error(errno, std::generic_category(), what);
}

void set(const bpf_map* map, std::uint32_t key, std::uint32_t value, const char* what) {
    require(bpf_map_update_elem(bpf_map__fd(map), &key, &value, BPF_ANY) == 0, what);
}

// The key of the plain program's map.
struct PlainKey {
    Mac mac;
    std::uint16_t pad = 0;
};
static_assert(sizeof(PlainKey) == 8);

void clear(int fdb) {
    constexpr std::uint32_t batch = 65536;
    std::vector<PlainKey> keys(batch);
    std::vector<std::uint32_t> values(batch);
    std::uint32_t position = 0;
    int err = 0;
    for (bool first = true; err == 0; first = false) {
        std::uint32_t count = batch;
        err = bpf_map_lookup_and_delete_batch(fdb, first ? nullptr : &position, &position,
                                              keys.data(), values.data(), &count, nullptr);
    }
    require(errno == ENOENT, "empty the plain program's FDB"); // ENOENT: that was the last batch
}

} // namespace

Mac source(std::uint32_t n) {
    return mac_of(1, n);
}
Mac destination(std::uint32_t n) {
    return mac_of(2, n);
}

Floor::Floor(const Devices& devices) : skeleton_(floor_redirect::open_and_load()) {
    require(skeleton_ != nullptr, "load the floor program");
    set(skeleton_->maps.devices, 1, devices.out.ifindex, "set the floor program's device");
}

int Floor::program() const {
    return bpf_program__fd(skeleton_->progs.floor_redirect);
}

Plain::Plain(const Devices& devices, std::uint32_t fdb_size)
    : devices_(devices), skeleton_(plain_learning::open()) {
    require(skeleton_ && bpf_map__set_max_entries(skeleton_->maps.fdb, fdb_size) == 0 &&
                plain_learning::load(skeleton_.get()) == 0,
            "load the plain program");
    for (const auto& device : {devices.in, devices.out})
        set(skeleton_->maps.devices, device.ifindex, device.ifindex,
            "set the plain program's devices");
}

int Plain::program() const {
    return bpf_program__fd(skeleton_->progs.plain_learning);
}

void Plain::know(std::uint32_t pairs) {
    const int fdb = bpf_map__fd(skeleton_->maps.fdb);
    clear(fdb);
    std::vector<PlainKey> keys;
    std::vector<std::uint32_t> values;
    for (std::uint32_t n = 0; n < pairs; n++) {
        keys.push_back({source(n)});
        values.push_back(devices_.in.ifindex);
        keys.push_back({destination(n)});
        values.push_back(devices_.out.ifindex);
    }
    auto count = static_cast<std::uint32_t>(keys.size());
    require(bpf_map_update_batch(fdb, keys.data(), values.data(), &count, nullptr) == 0,
            "fill the plain program's FDB");
}

FibForward::FibForward(const Devices& devices) : skeleton_(fib_forward::open_and_load()) {
    require(skeleton_ != nullptr, "load the program that asks the kernel's routes");
    set(skeleton_->maps.devices, devices.out.ifindex, devices.out.ifindex,
        "set the device of the program that asks the kernel's routes");
}

int FibForward::program() const {
    return bpf_program__fd(skeleton_->progs.fib_forward);
}

Ours::Ours(const Devices& devices, BridgeOptions options, bool offloads, const std::string& name)
    : devices_(devices), bridge_((options.ageing = no_ageing, Bridge::create(name, options))) {
    for (const auto& device : {devices.in, devices.out})
        bridge_.ports().add(device.name, {.hook = Hook::xdp});
    if (!offloads)
        clear_offloads();
    program_ = bridge_.ports().program_fd(devices.in.name);
}

void Ours::clear_offloads() {
    const int ports = bpf_obj_get((bridge_.info().folder / "ports").c_str());
    for (std::uint32_t number = 1; number <= 2; number++) {
        xdpb_port port{};
        require(bpf_map_lookup_elem(ports, &number, &port) == 0, "read a port");
        port.flags &= ~std::uint32_t{XDPB_PORT_OFFLOADS | XDPB_PORT_FRAGS};
        require(bpf_map_update_elem(ports, &number, &port, BPF_ANY) == 0, "write a port");
    }
    ::close(ports);
}

Ours::~Ours() {
    ::close(program_);
    Bridge::remove(bridge_.name());
}

int Ours::program() const {
    return program_;
}

void Ours::know(std::uint32_t pairs) {
    const auto vlan = bridge_.info().default_pvid;
    std::vector<FdbEntry> entries;
    for (std::uint32_t n = 0; n < pairs; n++) {
        entries.push_back({.mac = source(n), .vlan = vlan, .port = 1});
        entries.push_back({.mac = destination(n), .vlan = vlan, .port = 2});
    }
    bridge_.fdb().flush();
    bridge_.fdb().load(entries);
}

PortCounters Ours::counters() const {
    return bridge_.stats().port(1);
}

std::uint32_t Ours::learned() const {
    return bridge_.ports().get(devices_.in.name).learned;
}

Varied::Varied(const Contender& contender, std::uint32_t pairs) : skeleton_(vary::open()) {
    require(skeleton_ != nullptr, "open the program that varies addresses");
    skeleton_->rodata->pairs = pairs;
    bpf_program__set_flags(skeleton_->progs.vary, contender.load_flags());
    require(vary::load(skeleton_.get()) == 0, "load the program that varies addresses");
    set(skeleton_->maps.measured, 0, static_cast<std::uint32_t>(contender.program()),
        "call a program from the one that varies addresses");
}

int Varied::program() const {
    return bpf_program__fd(skeleton_->progs.vary);
}

Restored::Restored(const Contender& contender, const sandbox::Frame& frame)
    : skeleton_(restore::open()) {
    require(skeleton_ != nullptr, "open the program that restores headers");
    std::memcpy(&skeleton_->rodata->headers, frame.data(), sizeof(skeleton_->rodata->headers));
    bpf_program__set_flags(skeleton_->progs.restore, contender.load_flags());
    require(restore::load(skeleton_.get()) == 0, "load the program that restores headers");
    set(skeleton_->maps.measured, 0, static_cast<std::uint32_t>(contender.program()),
        "call a program from the one that restores headers");
}

int Restored::program() const {
    return bpf_program__fd(skeleton_->progs.restore);
}

Sink::Sink(const std::string& device)
    : skeleton_(sink::open_and_load()),
      link_(skeleton_ ? bpf_program__attach_xdp(skeleton_->progs.sink,
                                                static_cast<int>(if_nametoindex(device.c_str())))
                      : nullptr,
            bpf_link__destroy) {
    require(link_ != nullptr, "attach the program that takes the frames");
}

} // namespace xdpbridge::bench
