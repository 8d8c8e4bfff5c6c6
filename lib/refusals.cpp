// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "refusals.h"

#include "libbpf_log.h"
#include "program.h"

#include <xdpbridge/error.h>

#include <algorithm>
#include <array>
#include <bpf/libbpf.h>
#include <refused.skel.h>
#include <system_error>

namespace xdpbridge {

namespace {

// In the folder "links".
constexpr std::array<const char*, 2> pins = {"devmap_xmit", "redirect_err"};

using RefusedSkeleton = std::unique_ptr<refused, void (*)(refused*)>;

RefusedSkeleton load_refused(const BridgeState& state) {
    RefusedSkeleton skeleton(refused__open(), refused__destroy);
    if (!skeleton)
        return skeleton;
    skeleton->rodata->devices_map_id = map_id(state.devices.fd());
    skeleton->rodata->devices_frags_map_id = map_id(state.devices_frags.fd());
    skeleton->rodata->netns_cookie = state.bridge().netns_cookie;
    reuse_maps(state, skeleton->obj);
    if (const int err = refused__load(skeleton.get()); err != 0) {
        skeleton.reset();
        errno = -err;
    }
    return skeleton;
}

// Both count from apply() on until this object goes, so that none is missed.
class RefusalsReplacement final : public Replacement {
  public:
    RefusalsReplacement(const BridgeState& state, RefusedSkeleton loaded)
        : state_(state), loaded_(std::move(loaded)) {
        for (std::size_t i = 0; i < pins.size(); i++)
            old_[i] = Fd(bpf_obj_get(pin(i).c_str()));
    }
    void apply(const std::string& doing) override {
        const LibbpfLog log;
        if (const int err = refused__attach(loaded_.get()); err != 0)
            throw Error(-err, doing, {}, {}, log.text());
        const std::array<const bpf_link*, pins.size()> links = {loaded_->links.xdpb_devmap_xmit,
                                                                loaded_->links.xdpb_redirect_err};
        for (std::size_t i = 0; i < pins.size(); i++)
            if (!put(i, bpf_link__fd(links[i])))
                throw Error(errno, doing);
    }
    void undo() noexcept override {
        for (std::size_t i = 0; i < pins.size(); i++)
            if (!old_[i] || !put(i, old_[i].get()))
                ::unlink(pin(i).c_str());
    }

  private:
    [[nodiscard]] std::filesystem::path pin(std::size_t i) const {
        return state_.folder / "links" / pins[i];
    }
    // In one step: should we be killed, one of the two is pinned.
    [[nodiscard]] bool put(std::size_t i, int link) const noexcept {
        const auto next = state_.folder / "links" / (std::string(pins[i]) + "+next");
        ::unlink(next.c_str());
        return bpf_obj_pin(link, next.c_str()) == 0 && ::rename(next.c_str(), pin(i).c_str()) == 0;
    }
    const BridgeState& state_;
    RefusedSkeleton loaded_;
    std::array<Fd, pins.size()> old_;
};

} // namespace

std::unique_ptr<Replacement> replace_refusals(const BridgeState& state, const std::string& doing) {
    const LibbpfLog log;
    auto loaded = load_refused(state);
    if (loaded)
        return std::make_unique<RefusalsReplacement>(state, std::move(loaded));
    if (counts_refusals(state))
        throw Error(errno, doing, "the programs that count refusals do not load", {}, log.text());
    return nullptr;
}

void count_refusals(const BridgeState& state) noexcept {
    try {
        if (const auto programs = replace_refusals(state, ""))
            programs->apply("");
    } catch (const std::exception&) {
        // As BridgeInfo says.
    }
}

bool counts_refusals(const BridgeState& state) noexcept {
    return std::all_of(pins.begin(), pins.end(), [&](const char* pin) {
        std::error_code ignored;
        return std::filesystem::exists(state.folder / "links" / pin, ignored);
    });
}

} // namespace xdpbridge
