#include "sandbox/capture.h"

#include "sandbox/netns_scope.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <stdexcept>

namespace xdpbridge::sandbox {

Capture::Capture(const std::string& netns, const std::string& device, const CaptureOptions& options)
    : pcap_(nullptr, pcap_close) {
    char error[PCAP_ERRBUF_SIZE] = "";
    auto require = [&](bool ok, const char* step) {
        if (!ok)
            throw std::runtime_error(fmt::format("capture on {} in {}: cannot {}: {}", device,
                                                 netns, step,
                                                 *error ? error : pcap_geterr(pcap_.get())));
    };

    NetnsScope scope(netns);
    pcap_.reset(pcap_create(device.c_str(), error));
    require(pcap_ != nullptr, "create");
    pcap_set_snaplen(pcap_.get(), 65535);
    pcap_set_promisc(pcap_.get(), 1);
    pcap_set_immediate_mode(pcap_.get(), 1);
    require(pcap_activate(pcap_.get()) >= 0, "activate"); // above 0: a warning
    require(pcap_setnonblock(pcap_.get(), 1, error) == 0, "make it nonblocking");
    if (!options.outgoing)
        require(pcap_setdirection(pcap_.get(), PCAP_D_IN) == 0, "set the direction");
    if (!options.filter.empty()) {
        bpf_program program;
        require(pcap_compile(pcap_.get(), &program, options.filter.c_str(), 1,
                             PCAP_NETMASK_UNKNOWN) == 0,
                "compile the filter");
        int result = pcap_setfilter(pcap_.get(), &program);
        pcap_freecode(&program);
        require(result == 0, "set the filter");
    }
    thread_ = std::jthread([this](std::stop_token stop) { collect(stop); });
}

std::vector<Frame> Capture::frames() const {
    std::lock_guard lock(mutex_);
    return frames_;
}

bool Capture::wait_for(size_t count, std::chrono::milliseconds timeout) const {
    return wait_for([](const Frame&) { return true; }, timeout, count);
}

bool Capture::wait_for(const Predicate& wanted, std::chrono::milliseconds timeout,
                       size_t count) const {
    std::unique_lock lock(mutex_);
    return arrived_.wait_for(lock, timeout, [&] {
        return std::count_if(frames_.begin(), frames_.end(), wanted) >=
               static_cast<ptrdiff_t>(count);
    });
}

void Capture::collect(std::stop_token stop) {
    auto add = [](u_char* self, const pcap_pkthdr* header, const u_char* data) {
        auto& capture = *reinterpret_cast<Capture*>(self);
        std::lock_guard lock(capture.mutex_);
        capture.frames_.emplace_back(data, data + header->caplen);
        capture.arrived_.notify_all();
    };
    int fd = pcap_get_selectable_fd(pcap_.get());
    while (!stop.stop_requested()) {
        if (readable(fd, std::chrono::milliseconds(20)))
            pcap_dispatch(pcap_.get(), -1, add, reinterpret_cast<u_char*>(this));
    }
}

} // namespace xdpbridge::sandbox
