// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//
// Map access with the types of abi.h. Values of a per-CPU map are vectors, one element a possible
// CPU.
#pragma once
#include "fd.h"

#include <xdpbridge/error.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <sys/mman.h>
#include <utility>
#include <vector>

namespace xdpbridge {

template <typename Key, typename Value>
class Map {
  public:
    Map() = default;
    explicit Map(Fd fd) noexcept : fd_(std::move(fd)) {}
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

    [[nodiscard]] std::optional<Value> lookup(const Key& key) const {
        Value value{};
        if (bpf_map_lookup_elem(fd(), &key, &value) != 0)
            return std::nullopt;
        return value;
    }
    // 0 or the negative errno: what an error means depends on the map.
    int update(const Key& key, const Value& value, std::uint64_t flags = BPF_ANY) const noexcept {
        return bpf_map_update_elem(fd(), &key, &value, flags) == 0 ? 0 : -errno;
    }
    // False: there was none.
    bool remove(const Key& key) const noexcept { return bpf_map_delete_elem(fd(), &key) == 0; }
    // Removes and returns in one step, so that just one caller gets the value.
    [[nodiscard]] std::optional<Value> take(const Key& key) const {
        Value value{};
        if (bpf_map_lookup_and_delete_elem(fd(), &key, &value) != 0)
            return std::nullopt;
        return value;
    }

    // Of a hash: visits every element, and may delete it. One that is added or deleted meanwhile
    // may or may not be seen.
    template <typename Visit>
    void for_each(const Visit& visit) const {
        constexpr std::uint32_t batch = 4096;
        std::vector<Key> keys(batch);
        std::vector<Value> values(batch);
        std::uint32_t position = 0;
        for (bool first = true, more = true; more; first = false) {
            std::uint32_t count = batch;
            if (bpf_map_lookup_batch(fd(), first ? nullptr : &position, &position, keys.data(),
                                     values.data(), &count, nullptr) != 0) {
                if (errno != ENOENT) // ENOENT: that was the last batch
                    throw Error(errno, "read a BPF map");
                more = false;
            }
            for (std::uint32_t i = 0; i < count; i++)
                visit(keys[i], values[i]);
        }
    }

  private:
    Fd fd_;
};

// Of a per-CPU array.
template <typename Value>
void zero_per_cpu(const Fd& map, std::uint32_t key) {
    const std::vector<Value> zero(static_cast<std::size_t>(libbpf_num_possible_cpus()));
    bpf_map_update_elem(map.get(), &key, zero.data(), BPF_ANY);
}

// An array map that is memory-mapped (BPF_F_MMAPABLE), shared with the data plane.
template <typename Value>
class MappedArray {
  public:
    MappedArray() = default;
    MappedArray(const Fd& map, std::size_t entries) : bytes_(round_up(entries * sizeof(Value))) {
        void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, map.get(), 0);
        if (memory == MAP_FAILED)
            throw Error(errno, "map a BPF array into memory");
        values_ = static_cast<Value*>(memory);
    }
    MappedArray(MappedArray&& other) noexcept
        : values_(std::exchange(other.values_, nullptr)), bytes_(other.bytes_) {}
    MappedArray& operator=(MappedArray&& other) noexcept {
        std::swap(values_, other.values_);
        std::swap(bytes_, other.bytes_);
        return *this;
    }
    MappedArray(const MappedArray&) = delete;
    MappedArray& operator=(const MappedArray&) = delete;
    ~MappedArray() {
        if (values_)
            ::munmap(values_, bytes_);
    }
    // Constness of the handle is not that of the memory, which the kernel writes too.
    Value& operator[](std::size_t index) const noexcept { return values_[index]; }

  private:
    static std::size_t round_up(std::size_t bytes) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        return (bytes + page - 1) / page * page;
    }
    Value* values_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace xdpbridge
